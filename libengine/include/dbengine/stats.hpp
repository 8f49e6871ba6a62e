// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What the engine tells of itself.
// Thread rule: plain data, a snapshot at the time of the call. Durations are nanoseconds unless said.

#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace dbengine {

/// Percentiles of a set of durations. Read off a histogram with buckets 1/16 apart: values are exact to 6 %.
struct latency {
  /// Durations measured.
  std::uint64_t count = 0;
  std::chrono::nanoseconds p50{0}, p90{0}, p99{0}, p999{0}, max{0};

  friend bool operator==(const latency&, const latency&) = default;
};

/// What a request is counted as.
enum class request_class : std::uint8_t {
  execute,
  bulk,
  fetch,       ///< every read, those inside `read` included
  transaction, ///< a list of operations; a `write`, as one request with the rows of all its statements
  script,
  backup,
  cursor,     ///< the opening of one, and each batch of its rows
  maintenance ///< vacuum, analyze, optimize, checks, checkpoints, settings
};
inline constexpr std::size_t request_class_count = 8;
std::string_view to_string(request_class c) noexcept;

/// Of the requests of one class.
struct class_statistics {
  /// Requests answered, failures included.
  std::uint64_t count = 0;
  /// Those answered with an error.
  std::uint64_t errors = 0;
  /// Rows returned or changed, by all statements of the request.
  std::uint64_t rows = 0;
  /// Of requests that queued for a worker; a request that ran on a lease did not.
  latency wait;
  /// Of every write and, on leases, of one read in 16 (a clock costs as much as a tenth of a point read).
  latency run;

  friend bool operator==(const class_statistics&, const class_statistics&) = default;
};

/// closed: requests run. open: workers failed too often, requests fail at once with `errc::unavailable`. half_open: a probe runs.
enum class circuit_state : std::uint8_t { closed, open, half_open };
std::string_view to_string(circuit_state s) noexcept;

/// stalled: in a statement past its deadline that cannot be interrupted. spare: waits to take a stalled reader's place.
enum class worker_state : std::uint8_t {
  idle,
  running,
  stalled,
  restarting,
  failed,
  stopped,
  spare
};
std::string_view to_string(worker_state s) noexcept;

/// One supervised worker.
struct worker_health {
  /// "writer", "reader 1", "backup worker" and so on.
  std::string name;
  worker_state state = worker_state::idle;
  /// Since the engine was opened.
  std::uint64_t restarts = 0;
  /// Why it was restarted last, empty where it never was.
  std::string last_failure;
  circuit_state circuit = circuit_state::closed;
  /// What it is busy with where that takes too long: "stalled for 1200 ms in request "SELECT …"".
  std::string note;

  friend bool operator==(const worker_health&, const worker_health&) = default;
};

/// One of the slowest statements so far.
struct slow_statement {
  std::string sql;
  /// Its run time, without queueing.
  std::chrono::nanoseconds elapsed{0};

  friend bool operator==(const slow_statement&, const slow_statement&) = default;
};

/// Counters since the engine was opened, and what is at this moment.
struct statistics {
  // the seed's keys

  /// Requests answered, failures included.
  std::uint64_t requests = 0;
  /// Those answered with an error.
  std::uint64_t errors = 0;
  /// Backups that succeeded.
  std::uint64_t backups = 0;
  /// Requests that wait now.
  std::uint64_t queue_size = 0;
  bool backup_enabled = false;
  std::chrono::milliseconds backup_interval{0};
  std::optional<std::chrono::system_clock::time_point> last_backup_time;
  std::filesystem::path backup_dir;

  std::array<class_statistics, request_class_count> classes;
  const class_statistics& of(request_class c) const { return classes[static_cast<std::size_t>(c)]; }

  /// Bytes that the waiting requests hold.
  std::uint64_t queue_bytes = 0;
  /// Requests refused with `errc::overloaded`.
  std::uint64_t overloaded = 0;
  /// Requests answered with `errc::timeout`.
  std::uint64_t timeouts = 0;
  /// Commits of the engine: fewer than writes where these share one.
  std::uint64_t commits = 0;
  /// Groups of writes that the writer took from its queue, and the requests in them.
  std::uint64_t groups = 0;
  std::uint64_t grouped_requests = 0;
  std::uint64_t largest_group = 0;
  /// Groups whose transaction was lost to one member, so that the others ran again.
  std::uint64_t groups_rerun = 0;
  /// Writes that ran on their caller's thread, as nobody else wanted to write.
  std::uint64_t inline_writes = 0;
  std::uint64_t checkpoints = 0;
  /// Size of the `-wal` file.
  std::uint64_t wal_bytes = 0;
  /// Statements found prepared, and those that had to be prepared.
  std::uint64_t statement_cache_hits = 0;
  std::uint64_t statement_cache_misses = 0;
  /// Reads that found their connection's snapshot still the newest.
  std::uint64_t snapshots_reused = 0;
  /// Short reads that ran on the idle write connection, because the reader's own snapshot was no longer the newest.
  std::uint64_t reads_on_writer = 0;
  /// Snapshots begun because there was a newer commit.
  std::uint64_t snapshots_opened = 0;
  /// Connections lent to facade threads that are open.
  std::uint64_t leases_open = 0;
  /// Of all workers.
  std::uint64_t restarts = 0;
  /// The worst of all workers.
  circuit_state circuit = circuit_state::closed;
  std::vector<worker_health> workers;
  /// At most ten, the slowest first.
  std::vector<slow_statement> slowest;

  friend bool operator==(const statistics&, const statistics&) = default;
};

/// Whether the engine can do its work, and what stands in its way.
struct health_report {
  /// Every worker runs, the circuit is closed, the file is where it was, and there is room to write.
  bool ok = false;
  std::vector<worker_health> workers;
  circuit_state circuit = circuit_state::closed;
  bool file_present = false;
  /// Why writes are stopped, empty where they are not.
  std::string fenced;
  /// Free for this user on the file system of the database.
  std::uint64_t disk_free_bytes = 0;
  std::uint64_t wal_bytes = 0;
  /// Nothing where there is no backup.
  std::optional<std::chrono::seconds> last_backup_age;
  /// One sentence each. Where `ok` they are warnings: the work is done, and somebody should look (little room on the disk, a long
  /// write-ahead log, an old backup).
  std::vector<std::string> problems;

  friend bool operator==(const health_report&, const health_report&) = default;
};

/// What is open, and how.
struct database_info {
  std::string sqlite_version;
  std::string engine_version;
  std::filesystem::path path;
  bool memory = false;
  bool read_only = false;
  /// In bytes.
  std::uint64_t page_size = 0;
  std::uint64_t page_count = 0;
  /// Pages that hold nothing: what `vacuum` would give back.
  std::uint64_t freelist_count = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t wal_bytes = 0;
  /// As SQLite names them: "wal", "normal", "UTF-8" …
  std::string journal_mode;
  std::string synchronous;
  std::string encoding;
  std::int64_t user_version = 0;
  std::int64_t application_id = 0;
  bool foreign_keys = false;
  std::uint64_t cache_bytes = 0;
  std::uint64_t mmap_bytes = 0;

  friend bool operator==(const database_info&, const database_info&) = default;
};

/// How much a checkpoint waits for, as SQLite has it.
enum class checkpoint_mode : std::uint8_t {
  passive, ///< moves what can be moved without waiting for anybody
  full,    ///< waits for writers and for readers of old snapshots, then moves all
  restart, ///< and then waits for readers, so that the next write begins the WAL anew
  truncate ///< and cuts the `-wal` file to nothing
};

/// What a checkpoint came to.
struct checkpoint_result {
  /// All of the WAL was moved, and the mode's waiting succeeded.
  bool complete = false;
  /// Pages in the WAL, and how many of them are in the file now. Both 0 after a `truncate`.
  std::int64_t wal_pages = 0;
  std::int64_t moved_pages = 0;

  friend bool operator==(const checkpoint_result&, const checkpoint_result&) = default;
};

} // namespace dbengine
