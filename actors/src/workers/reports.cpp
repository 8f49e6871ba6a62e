// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/reports.hpp"

#include "base/version.hpp"
#include "engine/engine_statistics.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <string>

namespace dbengine::actors::workers {

namespace {

// What an idle worker does at this moment, by its connection.
worker_state state_of(const engine::worker_view& v) {
  return v.stalled   ? worker_state::stalled
         : v.running ? worker_state::running
         : v.spare   ? worker_state::spare
                     : worker_state::idle;
}

// The supervisor's states, and the engine's view of the workers that have a connection.
std::vector<worker_status> sample_workers(engine::engine& core, const worker_status_table& table) {
  auto all = table.read();
  for (auto& [id, health] : all) {
    engine::worker_view view;
    switch (id.role) {
    case worker_role::writer: view = core.supervision().view_writer(); break;
    case worker_role::reader:
    case worker_role::maintenance_reader: view = core.supervision().view_reader(id.index); break;
    case worker_role::reader_pool:
    case worker_role::stats:
    case worker_role::backup_scheduler: continue;
    }
    if (health.state == worker_state::idle)
      health.state = state_of(view);
    health.note = std::move(view.note);
  }
  return all;
}

std::vector<worker_health> health_of(std::vector<worker_status>&& all) {
  std::vector<worker_health> result;
  result.reserve(all.size());
  for (auto& w : all)
    result.push_back(std::move(w.health));
  return result;
}

circuit_state worst_circuit(const std::vector<worker_health>& all) {
  auto c = circuit_state::closed;
  for (const auto& w : all)
    if (w.circuit == circuit_state::open ||
        (w.circuit == circuit_state::half_open && c == circuit_state::closed))
      c = w.circuit;
  return c;
}

// No read runs while every reader is in a statement that does not end.
std::string stalled_readers(const std::vector<worker_status>& workers) {
  std::size_t readers = 0;
  std::size_t stalled = 0;
  for (const auto& w : workers)
    if (w.id.role == worker_role::reader) {
      ++readers;
      stalled += w.health.state == worker_state::stalled ? 1 : 0;
    }
  if (readers == 0 || stalled < readers)
    return {};
  return "no reader is left: all " + std::to_string(readers) + " are stalled";
}

// One problem for each worker that is not healthy.
void add_worker_problems(health_report& h) {
  for (const auto& w : h.workers) {
    if (w.circuit != circuit_state::closed)
      h.problems.push_back(w.name + ": the circuit is " + std::string(to_string(w.circuit)) + " (" +
                           w.last_failure + ")");
    else if (w.state == worker_state::stalled || w.state == worker_state::restarting ||
             w.state == worker_state::failed)
      h.problems.push_back(w.name + " is " +
                           (w.note.empty() ? std::string(to_string(w.state)) : w.note));
  }
}

std::string megabytes(std::uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

// Critical: nothing can be written. Known from a write that found no space, or from the last sample
// of the disk.
std::string full_disk(engine::engine& core, const engine::disk_sample& disk) {
  if (core.file().location().memory || core.file().read_only())
    return {};
  const auto least = std::min(defaults::disk_full, disk.capacity / defaults::disk_full_share);
  const bool seen = disk.capacity > 0 && disk.free_bytes < least;
  return seen || core.disk().is_full() ? engine::disk_full_text(disk.free_bytes) : std::string();
}

std::string low_disk(engine::engine& core, const engine::disk_sample& disk) {
  const auto least = std::min(defaults::disk_low, disk.capacity / defaults::disk_low_share);
  if (core.file().read_only() || disk.capacity == 0 || disk.free_bytes >= least)
    return {};
  return "there is little room on the disk of the database: only " + megabytes(disk.free_bytes) +
         " of " + megabytes(disk.capacity) + " are free";
}

std::string long_wal(const engine::disk_sample& disk) {
  if (disk.wal_bytes < defaults::wal_long)
    return {};
  return "the write-ahead log has " + megabytes(disk.wal_bytes) +
         ": a snapshot that is kept (a cursor, a transaction that reads, a backup, another process) "
         "prevents its restart";
}

// Problems that do not stop any operation yet.
void add_warnings(health_report& h, engine::engine& core, const engine::backup_service& backups,
                  const engine::disk_sample& disk, bool full) {
  const auto add = [&](const char* kind, std::string text) {
    core.disk().alerts().update(kind, base::log_level::warning, text);
    if (!text.empty())
      h.problems.push_back(std::move(text));
  };
  add("room", full ? std::string() : low_disk(core, disk));
  add("wal", long_wal(disk));
  add("backup", backups.history().overdue_text());
}

} // namespace

statistics report_statistics(engine::engine& core, const worker_status_table& table,
                             const engine::backup_service& backups) {
  auto s = engine::sample_statistics(core);
  s.workers = health_of(sample_workers(core, table));
  s.circuit = worst_circuit(s.workers);
  for (const auto& w : s.workers)
    s.restarts += w.restarts;
  backups.history().add_to(s);
  return s;
}

health_report report_health(engine::engine& core, const worker_status_table& table,
                            const engine::backup_service& backups, sqlite::clock::duration waited) {
  health_report h;
  auto workers = sample_workers(core, table);
  const auto no_reader = stalled_readers(workers);
  h.workers = health_of(std::move(workers));
  h.circuit = worst_circuit(h.workers);
  core.fence().raise_if_truncated();
  h.fenced = core.fence().reason();
  const auto disk = core.disk().last_sample();
  h.wal_bytes = disk.wal_bytes;
  h.file_present = disk.file_present;
  h.disk_free_bytes = disk.free_bytes;
  if (!core.calls().accepting())
    h.problems.push_back("the engine is shut down");
  if (!h.file_present)
    h.problems.push_back("the database file \"" + core.file().location().path.string() +
                         "\" is missing");
  if (waited >= defaults::look_stalled)
    h.problems.push_back(
        "the file system of the database has not answered for " +
        std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(waited).count()) +
        " ms");
  if (!h.fenced.empty())
    h.problems.push_back("writing is stopped: " + h.fenced);
  add_worker_problems(h);
  if (!no_reader.empty())
    h.problems.push_back(no_reader);
  const auto full = full_disk(core, disk);
  core.disk().alerts().update("disk", base::log_level::error, full);
  if (!full.empty())
    h.problems.push_back(full);
  h.ok = h.problems.empty();
  backups.history().add_to(h);
  add_warnings(h, core, backups, disk, !full.empty());
  return h;
}

database_info report_database(engine::engine& core, sqlite::connection& c,
                              sqlite::request_control& ctl) {
  // Bypasses the statement cache, whose counts are part of the statistics.
  const sqlite::connection::request_scope under(c, ctl);
  const auto text = [&](const char* sql) {
    try {
      return c.own_sql().text(sql);
    } catch (const error& e) {
      auto info = e.info();
      if (const auto why = ctl.deadline.stop_reason(); why != errc::none)
        info.code = why;
      throw error(std::move(info));
    }
  };
  const auto integer = [&](const char* sql) {
    const auto digits = text(sql);
    return digits.empty() ? std::int64_t{0} : std::int64_t{std::stoll(digits)};
  };
  const auto number = [&](const char* sql) { return static_cast<std::uint64_t>(integer(sql)); };
  database_info i;
  i.sqlite_version = sqlite3_libversion();
  i.engine_version = version;
  i.path = core.file().location().path;
  i.memory = core.file().location().memory;
  i.read_only = core.file().read_only();
  i.page_size = number("PRAGMA page_size");
  i.page_count = number("PRAGMA page_count");
  i.freelist_count = number("PRAGMA freelist_count");
  i.journal_mode = text("PRAGMA journal_mode");
  i.encoding = text("PRAGMA encoding");
  i.user_version = integer("PRAGMA user_version");
  i.application_id = integer("PRAGMA application_id");
  i.foreign_keys = integer("PRAGMA foreign_keys") != 0;
  i.mmap_bytes = number("PRAGMA mmap_size");
  const auto cache = integer("PRAGMA cache_size"); // in KiB if negative, else in pages
  i.cache_bytes = cache < 0 ? std::uint64_t{1024} * static_cast<std::uint64_t>(-cache)
                            : i.page_size * static_cast<std::uint64_t>(cache);
  static constexpr const char* levels[] = {"off", "normal", "full"};
  i.synchronous = levels[static_cast<int>(core.opts().synchronous)];
  i.wal_bytes = core.file().wal_bytes();
  std::error_code ec;
  const auto size = i.memory ? 0 : std::filesystem::file_size(i.path, ec);
  i.file_bytes = i.memory ? i.page_size * i.page_count : ec ? 0 : static_cast<std::uint64_t>(size);
  return i;
}

} // namespace dbengine::actors::workers
