// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "output/stats_json.hpp"

#include "output/stats_value.hpp"
#include "ui/table.hpp"
#include "ui/text.hpp"

namespace dbengine::app {

namespace {

using json = nlohmann::ordered_json;
using ui::align;

double seconds(std::chrono::nanoseconds d) {
  return std::chrono::duration<double>(d).count();
}

json latency_json(const latency& l) {
  return {{"count", l.count},      {"p50", seconds(l.p50)},    {"p90", seconds(l.p90)},
          {"p99", seconds(l.p99)}, {"p99.9", seconds(l.p999)}, {"max", seconds(l.max)}};
}

json workers_json(const std::vector<worker_health>& workers) {
  json list = json::array();
  for (const auto& w : workers)
    list.push_back({{"name", w.name},
                    {"state", std::string(to_string(w.state))},
                    {"restarts", w.restarts},
                    {"last_failure", w.last_failure},
                    {"circuit", std::string(to_string(w.circuit))},
                    {"note", w.note}});
  return list;
}

json unix_time(const std::optional<std::chrono::system_clock::time_point>& t) {
  if (!t)
    return nullptr;
  return std::chrono::duration_cast<std::chrono::seconds>(t->time_since_epoch()).count();
}

json statistics_json(const statistics& s) {
  json classes = json::object();
  for (std::size_t i = 0; i < request_class_count; ++i) {
    const auto& c = s.classes[i];
    classes[std::string(to_string(static_cast<request_class>(i)))] = {
        {"count", c.count},
        {"errors", c.errors},
        {"rows", c.rows},
        {"wait", latency_json(c.wait)},
        {"run", latency_json(c.run)}};
  }
  json slowest = json::array();
  for (const auto& q : s.slowest)
    slowest.push_back({{"sql", q.sql}, {"elapsed", seconds(q.elapsed)}});
  return {{"requests", s.requests},
          {"errors", s.errors},
          {"backups", s.backups},
          {"queue_size", s.queue_size},
          {"backup_enabled", s.backup_enabled},
          {"backup_interval", seconds(s.backup_interval)},
          {"last_backup_time", unix_time(s.last_backup_time)},
          {"backup_dir", s.backup_dir.string()},
          {"classes", std::move(classes)},
          {"queue_bytes", s.queue_bytes},
          {"overloaded", s.overloaded},
          {"timeouts", s.timeouts},
          {"commits", s.commits},
          {"groups", s.groups},
          {"grouped_requests", s.grouped_requests},
          {"largest_group", s.largest_group},
          {"groups_rerun", s.groups_rerun},
          {"inline_writes", s.inline_writes},
          {"checkpoints", s.checkpoints},
          {"wal_bytes", s.wal_bytes},
          {"statement_cache_hits", s.statement_cache_hits},
          {"statement_cache_misses", s.statement_cache_misses},
          {"snapshots_reused", s.snapshots_reused},
          {"reads_on_writer", s.reads_on_writer},
          {"snapshots_opened", s.snapshots_opened},
          {"leases_open", s.leases_open},
          {"restarts", s.restarts},
          {"circuit", std::string(to_string(s.circuit))},
          {"workers", workers_json(s.workers)},
          {"slowest", std::move(slowest)}};
}

json health_json(const health_report& h) {
  json age = nullptr;
  if (h.last_backup_age)
    age = h.last_backup_age->count();
  return {{"ok", h.ok},
          {"circuit", std::string(to_string(h.circuit))},
          {"file_present", h.file_present},
          {"fenced", h.fenced},
          {"disk_free_bytes", h.disk_free_bytes},
          {"wal_bytes", h.wal_bytes},
          {"last_backup_age", age},
          {"problems", h.problems},
          {"workers", workers_json(h.workers)}};
}

json database_json(const database_info& d) {
  return {{"engine_version", d.engine_version},
          {"sqlite_version", d.sqlite_version},
          {"path", d.path.string()},
          {"memory", d.memory},
          {"read_only", d.read_only},
          {"page_size", d.page_size},
          {"page_count", d.page_count},
          {"freelist_count", d.freelist_count},
          {"file_bytes", d.file_bytes},
          {"wal_bytes", d.wal_bytes},
          {"journal_mode", d.journal_mode},
          {"synchronous", d.synchronous},
          {"encoding", d.encoding},
          {"user_version", d.user_version},
          {"application_id", d.application_id},
          {"foreign_keys", d.foreign_keys},
          {"cache_bytes", d.cache_bytes},
          {"mmap_bytes", d.mmap_bytes}};
}

} // namespace

json stats_value(const statistics& s, const health_report& h, const database_info& d) {
  return {{"statistics", statistics_json(s)},
          {"health", health_json(h)},
          {"database", database_json(d)}};
}

json backup_value(const backup_info& b) {
  json files = json::array();
  for (const auto& f : b.backup_files)
    files.push_back({{"name", f.filename},
                     {"path", f.path.string()},
                     {"size_bytes", f.size_bytes},
                     {"time", unix_time(f.time)},
                     {"verified", f.verified},
                     {"sha256", f.sha256},
                     {"pages", f.pages},
                     {"compressed", f.compressed}});
  json running = nullptr;
  if (b.running)
    running = {{"pages_done", b.running->pages_done}, {"pages_total", b.running->pages_total}};
  return {{"enabled", b.enabled},
          {"interval", seconds(b.interval)},
          {"directory", b.directory.string()},
          {"last_backup", unix_time(b.last_backup)},
          {"next_due", unix_time(b.next_due)},
          {"total", b.total_backups},
          {"failed", b.failed_backups},
          {"last_error", b.last_error},
          {"running", std::move(running)},
          {"files", std::move(files)}};
}

std::string json_text(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

std::string stats_json(const statistics& s, const health_report& h, const database_info& d) {
  return json_text(stats_value(s, h, d), 2);
}

std::string stats_tables(const statistics& s, const health_report& h, const database_info& d,
                         const ui::terminal& t) {
  using ui::bytes_text;
  using ui::duration_text;
  using ui::grouped;
  ui::table file({{"database"}, {"", align::left}});
  file.add({"file", ui::visible(d.path.string())});
  file.add({"size", bytes_text(d.page_size * d.page_count)});
  file.add({"free", bytes_text(d.page_size * d.freelist_count)});
  file.add({"WAL", bytes_text(d.wal_bytes)});
  file.add({"journal, synchronous", ui::visible(d.journal_mode + ", " + d.synchronous)});
  file.add(
      {"encoding, user version", ui::visible(d.encoding) + ", " + std::to_string(d.user_version)});
  file.add({"engine, SQLite", ui::visible(d.engine_version + ", " + d.sqlite_version)});
  file.add({
      "health",
      h.ok ? "ok" : "NOT OK",
  });
  for (const auto& p : h.problems)
    file.add({h.ok ? "warning" : "problem", {ui::visible(p), ui::style::red}});
  ui::table classes({{"requests"},
                     {"count", align::right},
                     {"errors", align::right},
                     {"rows", align::right},
                     {"run p50", align::right},
                     {"p99", align::right},
                     {"wait p50", align::right},
                     {"p99", align::right}});
  for (std::size_t i = 0; i < request_class_count; ++i) {
    const auto& c = s.classes[i];
    if (c.count == 0)
      continue;
    classes.add({std::string(to_string(static_cast<request_class>(i))), grouped(c.count),
                 grouped(c.errors), grouped(c.rows), duration_text(c.run.p50),
                 duration_text(c.run.p99), duration_text(c.wait.p50), duration_text(c.wait.p99)});
  }
  // An engine opened only for this command has done nothing yet.
  if (s.requests == 0 && s.restarts == 0)
    return file.text(t);
  ui::table counters({{"counter"}, {"", align::right}});
  counters.add({"requests, errors", grouped(s.requests) + ", " + grouped(s.errors)});
  counters.add({"waiting", grouped(s.queue_size) + " (" + bytes_text(s.queue_bytes) + ")"});
  counters.add({"overloaded, timeouts", grouped(s.overloaded) + ", " + grouped(s.timeouts)});
  counters.add({"commits, inline writes", grouped(s.commits) + ", " + grouped(s.inline_writes)});
  counters.add({"groups, largest, run again", grouped(s.groups) + ", " + grouped(s.largest_group) +
                                                  ", " + grouped(s.groups_rerun)});
  counters.add({"checkpoints", grouped(s.checkpoints)});
  counters.add({"statement cache hits, misses",
                grouped(s.statement_cache_hits) + ", " + grouped(s.statement_cache_misses)});
  counters.add({"restarts", grouped(s.restarts)});
  counters.add({"backups", grouped(s.backups)});
  return file.text(t) + classes.text(t) + counters.text(t);
}

} // namespace dbengine::app
