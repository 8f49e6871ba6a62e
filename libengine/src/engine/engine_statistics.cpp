// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Engine core: statistics.

#include "engine/engine.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

namespace dbengine::engine {

std::uint64_t engine::wal_bytes() const {
  if (where_.memory)
    return 0;
  struct stat st {};
  return ::stat((where_.path.string() + "-wal").c_str(), &st) == 0
             ? static_cast<std::uint64_t>(st.st_size)
             : 0;
}

void engine::look_at_disk() {
  disk_sample now;
  if (!where_.memory) {
    std::error_code failed;
    now.file_present = std::filesystem::is_regular_file(where_.path, failed);
    const auto space = std::filesystem::space(where_.path.parent_path(), failed);
    now.free_bytes = failed ? 0 : static_cast<std::uint64_t>(space.available);
    now.capacity = failed ? 0 : static_cast<std::uint64_t>(space.capacity);
    now.wal_bytes = wal_bytes();
  }
  const std::lock_guard lock(disk_mutex_);
  disk_ = now;
}

engine::disk_sample engine::disk() const {
  const std::lock_guard lock(disk_mutex_);
  return disk_;
}

dbengine::statistics engine::sample() const {
  dbengine::statistics s;
  struct merged {
    base::histogram::sums wait, run;
  };
  auto sums = std::make_unique<std::array<merged, request_class_count>>();
  const auto add = [&](const worker_counters& w) {
    for (std::size_t i = 0; i < request_class_count; ++i) {
      s.classes[i].count += w.classes[i].count.get();
      s.classes[i].errors += w.classes[i].errors.get();
      s.classes[i].rows += w.classes[i].rows.get();
      w.classes[i].wait.add_to((*sums)[i].wait);
      w.classes[i].run.add_to((*sums)[i].run);
    }
    s.timeouts += w.timeouts.get();
    s.commits += w.commits.get();
    s.groups += w.groups.get();
    s.grouped_requests += w.grouped.get();
    s.largest_group = std::max(s.largest_group, w.largest_group.get());
    s.groups_rerun += w.rerun.get();
    s.inline_writes += w.inline_writes.get();
    s.checkpoints += w.checkpoints.get();
    s.statement_cache_hits += w.cache_hits.get();
    s.statement_cache_misses += w.cache_misses.get();
    s.snapshots_reused += w.snapshots_reused.get();
    s.snapshots_opened += w.snapshots_opened.get();
  };
  add(writer_counts_);
  for (const auto& r : readers_)
    add(r->counts);
  const auto add_part = [&](request_class c, const auto& part) {
    const auto i = static_cast<std::size_t>(c);
    s.classes[i].count += part.count.get();
    s.classes[i].errors += part.errors.get();
    s.classes[i].rows += part.rows.get();
    part.run.add_to((*sums)[i].run);
  };
  leases_.for_each([&](const lease_counters& l) {
    add_part(request_class::fetch, l);
    add_part(request_class::cursor, l.cursor);
    s.timeouts += l.timeouts.get();
    s.statement_cache_hits += l.cache_hits.get();
    s.statement_cache_misses += l.cache_misses.get();
    s.snapshots_reused += l.snapshots_reused.get();
    s.reads_on_writer += l.on_writer.get();
    s.snapshots_opened += l.snapshots_opened.get();
  });
  for (std::size_t i = 0; i < request_class_count; ++i) {
    s.classes[i].wait = (*sums)[i].wait.read();
    s.classes[i].run = (*sums)[i].run.read();
    s.requests += s.classes[i].count;
    s.errors += s.classes[i].errors;
  }
  s.queue_size = admission_.requests.load(std::memory_order_relaxed);
  s.queue_bytes = admission_.bytes.load(std::memory_order_relaxed);
  s.overloaded = admission_.refused.load(std::memory_order_relaxed);
  s.errors += s.overloaded;
  s.requests += s.overloaded;
  s.wal_bytes = disk().wal_bytes;
  s.leases_open = leases_.open_count();
  s.slowest = slow_.read();
  s.backup_enabled = options_->backup_enabled;
  s.backup_interval = options_->backup_interval;
  s.backup_dir = options_->backup_dir;
  return s;
}

} // namespace dbengine::engine
