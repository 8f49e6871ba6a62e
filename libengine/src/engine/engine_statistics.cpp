// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/engine_statistics.hpp"

#include "engine/engine.hpp"

#include <algorithm>
#include <array>
#include <memory>

namespace dbengine::engine {

namespace {

// Adds up counters; the histograms are read out once all are merged.
class summary {
public:
  void add(const worker_counters& w) {
    for (std::size_t i = 0; i < request_class_count; ++i) {
      add_class(i, w.classes[i]);
      w.classes[i].wait.add_to((*sums_)[i].wait);
    }
    s_.timeouts += w.timeouts.get();
    s_.commits += w.commits.get();
    s_.groups += w.groups.get();
    s_.grouped_requests += w.grouped.get();
    s_.largest_group = std::max(s_.largest_group, w.largest_group.get());
    s_.groups_rerun += w.rerun.get();
    s_.inline_writes += w.inline_writes.get();
    s_.checkpoints += w.checkpoints.get();
    add_connection(w);
  }
  void add(const lease_counters& l) {
    add_class(static_cast<std::size_t>(request_class::fetch), l);
    add_class(static_cast<std::size_t>(request_class::cursor), l.cursor);
    s_.timeouts += l.timeouts.get();
    s_.reads_on_writer += l.on_writer.get();
    add_connection(l);
  }
  dbengine::statistics take() {
    for (std::size_t i = 0; i < request_class_count; ++i) {
      s_.classes[i].wait = (*sums_)[i].wait.read();
      s_.classes[i].run = (*sums_)[i].run.read();
      s_.requests += s_.classes[i].count;
      s_.errors += s_.classes[i].errors;
    }
    return std::move(s_);
  }

private:
  struct merged {
    base::histogram::sums wait, run;
  };

  void add_class(std::size_t i, const auto& part) {
    s_.classes[i].count += part.count.get();
    s_.classes[i].errors += part.errors.get();
    s_.classes[i].rows += part.rows.get();
    part.run.add_to((*sums_)[i].run);
  }
  void add_connection(const auto& c) {
    s_.statement_cache_hits += c.cache_hits.get();
    s_.statement_cache_misses += c.cache_misses.get();
    s_.snapshots_reused += c.snapshots_reused.get();
    s_.snapshots_opened += c.snapshots_opened.get();
  }

  dbengine::statistics s_;
  std::unique_ptr<std::array<merged, request_class_count>> sums_ =
      std::make_unique<std::array<merged, request_class_count>>();
};

} // namespace

dbengine::statistics sample_statistics(engine& e) {
  summary sum;
  sum.add(e.counters().writer);
  e.reads().for_each_counters([&](const worker_counters& w) { sum.add(w); });
  e.leases().for_each([&](const lease_counters& l) { sum.add(l); });
  auto s = sum.take();
  const auto& waiting = e.queues().waiting();
  s.queue_size = waiting.requests();
  s.queue_bytes = waiting.bytes();
  s.overloaded = waiting.refused();
  s.errors += s.overloaded;
  s.requests += s.overloaded;
  s.wal_bytes = e.disk().last_sample().wal_bytes;
  s.leases_open = e.leases().open_count();
  s.slowest = e.counters().slow.read();
  const auto& o = e.opts();
  s.backup_enabled = o.backup_enabled;
  s.backup_interval = o.backup_interval;
  s.backup_dir = o.backup_dir;
  return s;
}

} // namespace dbengine::engine
