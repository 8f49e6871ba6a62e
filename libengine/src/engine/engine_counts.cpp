// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Engine core: what is counted of an answer, and what is remembered of a failure.

#include "engine/engine.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <variant>

namespace dbengine::engine {

namespace {

std::uint64_t rows_of(const write_result& x) {
  return static_cast<std::uint64_t>(x.changes);
}
std::uint64_t rows_of(const batch_result& x) {
  return static_cast<std::uint64_t>(x.changes);
}
std::uint64_t rows_of(const dbengine::rows& x) {
  return x.size();
}
std::uint64_t rows_of(const operation_result& x) {
  return x.is_rows() ? rows_of(x.rows()) : rows_of(x.write());
}
// What writes and returns rows has both, of the same rows.
std::uint64_t rows_of(const script_step& x) {
  return std::max(rows_of(x.written), rows_of(x.result));
}
template <class T>
std::uint64_t rows_of(const std::vector<T>& all) {
  std::uint64_t n = 0;
  for (const auto& x : all)
    n += rows_of(x);
  return n;
}
std::uint64_t rows_of(const script_result& x) {
  return rows_of(x.steps);
}
std::uint64_t rows_of(std::monostate) {
  return 0;
}

} // namespace

void engine::count_answer(worker_counters& w, const request& r) {
  auto& c = w.of(r.statistics_class());
  c.count.add();
  if (r.failure) {
    if (&w == &writer_counts_)
      note_failure(*r.failure);
    c.errors.add();
    if (r.failure->code == errc::timeout)
      w.timeouts.add();
  }
  auto elapsed = r.task_elapsed;
  if (const auto* x = std::get_if<write_result>(&r.result))
    elapsed = x->elapsed;
  else if (const auto* b = std::get_if<batch_result>(&r.result))
    elapsed = b->elapsed;
  c.rows.add(
      r.failure ? 0 : r.task_rows + std::visit([](const auto& x) { return rows_of(x); }, r.result));
  if (elapsed.count() > 0) {
    c.run.record(elapsed);
    slow_.offer(r.sql, elapsed);
  }
}

std::string no_room_text(std::uint64_t free_bytes) {
  return "the disk of the database is full (" + std::to_string(free_bytes) +
         " bytes are free): writes fail, reads go on";
}

void engine::note_failure(const error_info& why) noexcept {
  if (why.code != errc::disk_full || where_.memory)
    return;
  try {
    if (!no_room_.load(std::memory_order_relaxed)) {
      // On the thread that has just written there, and not at each write that fails.
      std::error_code failed;
      const auto space = std::filesystem::space(where_.path.parent_path(), failed);
      const auto room = failed ? 0 : static_cast<std::uint64_t>(space.available);
      room_then_.store(room, std::memory_order_relaxed);
      if (room < defaults::disk_room_enough)
        problems_.found("disk", base::log_level::error, no_room_text(room));
      else
        base::log_limited(
            base::log_level::warning, "a write found no room",
            "a write found no room though " + std::to_string(room) +
                " bytes are free on the disk of the database: a quota, a limit, or the "
                "folder for temporary files");
    }
  } catch (...) { // no memory for a line of the log
  }
  no_room_at_.store(sqlite::clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  no_room_.store(true, std::memory_order_relaxed);
}

bool engine::out_of_room() const noexcept {
  if (!no_room_.load(std::memory_order_relaxed))
    return false;
  const auto then = room_then_.load(std::memory_order_relaxed);
  const sqlite::clock::time_point failed_at(
      sqlite::clock::duration(no_room_at_.load(std::memory_order_relaxed)));
  return then < defaults::disk_room_enough &&
         sqlite::clock::now() - failed_at < defaults::disk_retry &&
         disk().free_bytes < then + defaults::disk_room_again;
}

} // namespace dbengine::engine
