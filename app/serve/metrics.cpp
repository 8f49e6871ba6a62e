// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "serve/metrics.hpp"

#include <array>
#include <functional>
#include <map>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace dbengine::app::serve {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using labels = std::vector<ClientMetric::Label>;

double seconds(std::chrono::nanoseconds d) {
  return std::chrono::duration<double>(d).count();
}

double unix_seconds(wall_time t) {
  return seconds(std::chrono::floor<std::chrono::seconds>(t).time_since_epoch());
}

// Metric families in the order of their first use. All samples of a family are contiguous, as the
// format requires.
class families {
public:
  void counter(const std::string& name, const char* help, labels l, std::uint64_t value) {
    ClientMetric m;
    m.label = std::move(l);
    m.counter.value = static_cast<double>(value);
    of(name, help, MetricType::Counter).metric.push_back(std::move(m));
  }
  void gauge(const std::string& name, const char* help, labels l, double value) {
    ClientMetric m;
    m.label = std::move(l);
    m.gauge.value = value;
    of(name, help, MetricType::Gauge).metric.push_back(std::move(m));
  }
  std::string text() const { return prometheus::TextSerializer().Serialize(all_); }

private:
  MetricFamily& of(const std::string& name, const char* help, MetricType type) {
    const auto [found, fresh] = index_.try_emplace(name, all_.size());
    if (fresh)
      all_.push_back({name, help, type, {}});
    return all_[found->second];
  }

  std::vector<MetricFamily> all_;
  std::map<std::string, std::size_t> index_;
};

labels with(labels l, const char* name, std::string value) {
  l.push_back({name, std::move(value)});
  return l;
}

void add_latency(families& to, const std::string& name, const char* help, const labels& l,
                 const latency& t) {
  const std::array quantiles{std::pair{"0.5", t.p50}, std::pair{"0.9", t.p90},
                             std::pair{"0.99", t.p99}, std::pair{"0.999", t.p999},
                             std::pair{"1", t.max}};
  for (const auto& [quantile, value] : quantiles)
    to.gauge(name, help, with(l, "quantile", quantile), seconds(value));
}

void add_requests(families& to, const labels& l, const statistics& s) {
  for (std::size_t i = 0; i < request_class_count; ++i) {
    const auto& c = s.classes[i];
    const auto of = with(l, "class", std::string(to_string(static_cast<request_class>(i))));
    to.counter("dbengine_requests_total", "Requests answered, by class.", of, c.count);
    to.counter("dbengine_request_errors_total", "Requests answered with an error, by class.", of,
               c.errors);
    to.counter("dbengine_rows_total", "Rows returned or changed, by class.", of, c.rows);
    to.counter("dbengine_request_waits_total", "Requests that queued for a worker, by class.", of,
               c.wait.count);
    add_latency(to, "dbengine_request_wait_seconds",
                "Time in the queue: quantiles since the start, 1 is the longest.", of, c.wait);
    add_latency(to, "dbengine_request_run_seconds",
                "Time on the connection: quantiles since the start, 1 is the longest.", of, c.run);
  }
}

void add_engine(families& to, const labels& l, const statistics& s) {
  to.gauge("dbengine_queue_requests", "Requests that wait.", l, static_cast<double>(s.queue_size));
  to.gauge("dbengine_queue_bytes", "Bytes that waiting requests hold.", l,
           static_cast<double>(s.queue_bytes));
  to.counter("dbengine_overloaded_total", "Requests refused because the queue was full.", l,
             s.overloaded);
  to.counter("dbengine_timeouts_total", "Requests whose deadline passed.", l, s.timeouts);
  to.counter("dbengine_commits_total", "Write transactions committed.", l, s.commits);
  to.counter("dbengine_groups_total", "Groups of writes committed together.", l, s.groups);
  to.counter("dbengine_grouped_requests_total", "Writes that were committed in groups.", l,
             s.grouped_requests);
  to.gauge("dbengine_largest_group", "Writes in the largest group so far.", l,
           static_cast<double>(s.largest_group));
  to.counter("dbengine_groups_rerun_total", "Groups that failed and were run again.", l,
             s.groups_rerun);
  to.counter("dbengine_inline_writes_total", "Writes that ran on their caller's thread.", l,
             s.inline_writes);
  to.counter("dbengine_checkpoints_total", "Checkpoints of the WAL.", l, s.checkpoints);
  to.counter("dbengine_statement_cache_hits_total", "Statements found in the cache.", l,
             s.statement_cache_hits);
  to.counter("dbengine_statement_cache_misses_total", "Statements that had to be prepared.", l,
             s.statement_cache_misses);
  to.counter("dbengine_snapshots_reused_total", "Reads on a snapshot that was already open.", l,
             s.snapshots_reused);
  to.counter("dbengine_reads_on_writer_total", "Short reads on the idle write connection.", l,
             s.reads_on_writer);
  to.counter("dbengine_snapshots_opened_total", "Snapshots opened.", l, s.snapshots_opened);
  to.gauge("dbengine_leases_open", "Reader connections on lease or cached for leases.", l,
           static_cast<double>(s.leases_open));
  to.counter("dbengine_restarts_total", "Restarts of workers.", l, s.restarts);
}

void add_health(families& to, const labels& l, const health_report& h) {
  to.gauge("dbengine_healthy", "1 if the engine is healthy.", l, h.ok ? 1 : 0);
  for (const auto state : {circuit_state::closed, circuit_state::open, circuit_state::half_open})
    to.gauge("dbengine_circuit", "1 for the current state of the circuit breaker.",
             with(l, "state", std::string(to_string(state))), h.circuit == state ? 1 : 0);
  to.gauge("dbengine_fenced", "1 if writing is stopped: the file is in doubt.", l,
           h.fenced.empty() ? 0 : 1);
  to.gauge("dbengine_disk_free_bytes", "Free space of the file system that holds the file.", l,
           static_cast<double>(h.disk_free_bytes));
  for (const auto& w : h.workers) {
    to.gauge("dbengine_worker_up", "1 if the worker runs or waits for work.",
             with(l, "worker", w.name),
             w.state == worker_state::idle || w.state == worker_state::running ? 1 : 0);
    to.counter("dbengine_worker_restarts_total", "Restarts, by worker.", with(l, "worker", w.name),
               w.restarts);
  }
}

void add_file(families& to, const labels& l, const database_info& d) {
  to.gauge("dbengine_database_bytes", "Size of the database file.", l,
           static_cast<double>(d.file_bytes));
  to.gauge("dbengine_wal_bytes", "Size of the write-ahead log.", l,
           static_cast<double>(d.wal_bytes));
  to.gauge("dbengine_page_size_bytes", "Size of a page.", l, static_cast<double>(d.page_size));
  to.gauge("dbengine_pages", "Pages of the database.", l, static_cast<double>(d.page_count));
  to.gauge("dbengine_free_pages", "Unused pages of the database.", l,
           static_cast<double>(d.freelist_count));
  auto about = with(l, "version", d.engine_version);
  about = with(std::move(about), "sqlite", d.sqlite_version);
  to.gauge("dbengine_info", "Always 1; the labels are the versions.", std::move(about), 1);
}

void add_backups(families& to, const labels& l, const statistics& s, const backup_info& b) {
  to.counter("dbengine_backups_total", "Backups made.", l, s.backups);
  to.counter("dbengine_backup_failures_total", "Backups that failed.", l, b.failed_backups);
  to.gauge("dbengine_backup_running", "1 while a backup is made.", l, b.running ? 1 : 0);
  to.gauge("dbengine_backup_files", "Backups in the directory.", l,
           static_cast<double>(b.backup_files.size()));
  if (b.last_backup)
    to.gauge("dbengine_last_backup_timestamp_seconds", "When the last backup was made.", l,
             unix_seconds(*b.last_backup));
  if (b.next_due)
    to.gauge("dbengine_next_backup_timestamp_seconds", "When the next backup is due.", l,
             unix_seconds(*b.next_due));
}

void add_peers(families& to, const labels& l, const actors::port_statistics& p) {
  to.gauge("dbengine_peers", "Connections of peers that are open.", l,
           static_cast<double>(p.connections));
  to.counter("dbengine_peers_accepted_total", "Connections of peers that were accepted.", l,
             p.accepted);
  to.counter("dbengine_peer_requests_total", "Requests of peers that reached the engine.", l,
             p.requests);
  for (const auto& [reason, count] : p.refused)
    to.counter("dbengine_peers_refused_total",
               "Connections that were refused or ended for a fault of the peer, by reason.",
               with(l, "reason", reason), count);
  for (const auto& [reason, count] : p.dropped)
    to.counter("dbengine_peer_messages_dropped_total",
               "Messages of peers that were rejected, by reason.", with(l, "reason", reason),
               count);
}

} // namespace

std::string metrics_text(const std::vector<snapshot_result>& databases) {
  families to;
  for (const auto& d : databases) {
    const labels l{{"database", d.name}};
    to.gauge("dbengine_up", "1 if the engine responded.", l, d.what ? 1 : 0);
    if (!d.what)
      continue;
    add_requests(to, l, d.what->statistics);
    add_engine(to, l, d.what->statistics);
    add_health(to, l, d.what->health);
    if (d.what->database)
      add_file(to, l, *d.what->database);
    if (d.what->backup)
      add_backups(to, l, d.what->statistics, *d.what->backup);
    if (d.what->peers)
      add_peers(to, l, *d.what->peers);
  }
  return to.text();
}

} // namespace dbengine::app::serve
