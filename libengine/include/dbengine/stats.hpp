// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// Statistics, health and description of an engine.
/// Thread safety: plain data, a snapshot at the time of the call. Durations are nanoseconds unless
/// stated.

#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace dbengine {

/// Percentiles of a set of durations, read from a histogram with 16 buckets per power of two: exact
/// to 6 %.
struct latency {
  /// Number of durations.
  std::uint64_t count = 0;
  std::chrono::nanoseconds p50{0};  ///< half of the durations are at most this long
  std::chrono::nanoseconds p90{0};  ///< 90 % of the durations are at most this long
  std::chrono::nanoseconds p99{0};  ///< 99 % of the durations are at most this long
  std::chrono::nanoseconds p999{0}; ///< 99.9 % of the durations are at most this long
  std::chrono::nanoseconds max{0};  ///< the longest duration

  friend bool operator==(const latency&, const latency&) = default;
};

/// The class under which a request is counted.
enum class request_class : std::uint8_t {
  execute, ///< one writing statement
  bulk,    ///< `execute_many`
  fetch,   ///< every read, also those inside `read`
  /// a list of operations; a `write` counts as one request with the rows of all its statements
  transaction,
  script,     ///< `execute_script`
  backup,     ///< periodic and requested backups, and those for peers and by path
  cursor,     ///< opening a cursor, and each page of its rows
  maintenance ///< vacuum, analyze, optimize, checks, checkpoints, pragmas
};
/// The number of values of `request_class`: the length of `statistics::classes`.
inline constexpr std::size_t request_class_count = 8;
/// The class as in the source, such as "execute"; "?" for a number without a name. Static text.
std::string_view to_string(request_class c) noexcept;

/// Statistics of one class of requests.
struct class_statistics {
  /// Requests that were answered, including failures.
  std::uint64_t count = 0;
  /// Requests that were answered with an error.
  std::uint64_t errors = 0;
  /// Rows returned or changed by all statements of the requests.
  std::uint64_t rows = 0;
  /// Time in the queue, of requests that waited for a worker. A request on a lease does not wait.
  latency wait;
  /// Run time of every write and, on leases, of one read in 16 (reading the clock costs a tenth of
  /// a point read).
  latency run;

  friend bool operator==(const class_statistics&, const class_statistics&) = default;
};

/// State of a worker's circuit breaker. No state is terminal.
enum class circuit_state : std::uint8_t {
  closed, ///< requests run. Set at open and by a successful probe; ended by too many failures
  /// requests fail at once with `errc::unavailable`. Set by too many failures; ended by a probe
  open,
  half_open ///< a probe runs. Its result closes the circuit or opens it again
};
/// The state in words: "closed", "open", "half-open". Static text.
std::string_view to_string(circuit_state s) noexcept;

/// State of a worker, as statistics and health report it.
enum class worker_state : std::uint8_t {
  idle,       ///< waits for requests
  running,    ///< runs a request; ended by its end or by `stalled`
  stalled,    ///< is in a statement past its deadline that cannot be interrupted
  restarting, ///< has failed; the supervisor starts it again after a delay or by a probe
  failed,     ///< reserved: a worker that failed too often is `restarting`, with an open circuit
  stopped,    ///< ended by the shutdown of the engine; terminal
  spare       ///< waits to replace a stalled reader
};
/// The state as in the source, such as "idle". Static text.
std::string_view to_string(worker_state s) noexcept;

/// State of one supervised worker.
struct worker_health {
  /// "writer", "reader 1", "backup worker" and so on.
  std::string name;
  /// What the worker does now.
  worker_state state = worker_state::idle;
  /// Restarts since the engine was opened.
  std::uint64_t restarts = 0;
  /// Cause of the last restart; empty if there was none.
  std::string last_failure;
  /// Whether requests reach the worker.
  circuit_state circuit = circuit_state::closed;
  /// The activity of the worker, if it takes too long: "stalled for 1200 ms in request "SELECT …"".
  std::string note;

  friend bool operator==(const worker_health&, const worker_health&) = default;
};

/// One of the slowest statements so far.
struct slow_statement {
  /// The text of the statement, without its parameters.
  std::string sql;
  /// Run time without queueing.
  std::chrono::nanoseconds elapsed{0};

  friend bool operator==(const slow_statement&, const slow_statement&) = default;
};

/// Counters since the engine was opened, and its current state.
struct statistics {
  // As in jpy-sync-db-lite:

  /// Requests that were answered, including failures.
  std::uint64_t requests = 0;
  /// Requests that were answered with an error.
  std::uint64_t errors = 0;
  /// Backups that succeeded.
  std::uint64_t backups = 0;
  /// Requests that wait now.
  std::uint64_t queue_size = 0;
  /// `options::backup_enabled`.
  bool backup_enabled = false;
  /// `options::backup_interval`.
  std::chrono::milliseconds backup_interval{0};
  /// When the newest verified backup was made, also by an earlier engine; nullopt if there is none.
  std::optional<std::chrono::system_clock::time_point> last_backup_time;
  /// `options::backup_dir`, as it was given.
  std::filesystem::path backup_dir;

  /// The figures of each class, at the position of its number.
  std::array<class_statistics, request_class_count> classes;
  /// The figures of one class. Valid as long as this object.
  const class_statistics& of(request_class c) const { return classes[static_cast<std::size_t>(c)]; }

  /// Bytes that the waiting requests hold.
  std::uint64_t queue_bytes = 0;
  /// Requests refused with `errc::overloaded`.
  std::uint64_t overloaded = 0;
  /// Requests answered with `errc::timeout`.
  std::uint64_t timeouts = 0;
  /// Commits of the engine; fewer than writes if several writes share a commit.
  std::uint64_t commits = 0;
  /// Write groups that the writer took from its queue.
  std::uint64_t groups = 0;
  /// Requests in those groups.
  std::uint64_t grouped_requests = 0;
  /// Requests in the largest group so far.
  std::uint64_t largest_group = 0;
  /// Groups whose transaction one member ended, so that the other members ran again.
  std::uint64_t groups_rerun = 0;
  /// Writes that ran on their caller's thread, because no other write waited.
  std::uint64_t inline_writes = 0;
  /// Checkpoints that the writer made.
  std::uint64_t checkpoints = 0;
  /// Size of the `-wal` file in bytes.
  std::uint64_t wal_bytes = 0;
  /// Statements found in a connection's cache.
  std::uint64_t statement_cache_hits = 0;
  /// Statements that had to be prepared.
  std::uint64_t statement_cache_misses = 0;
  /// Reads whose connection already had the newest snapshot.
  std::uint64_t snapshots_reused = 0;
  /// Short reads that ran on the idle write connection, because the reader's snapshot was outdated.
  std::uint64_t reads_on_writer = 0;
  /// Snapshots opened because of a newer commit.
  std::uint64_t snapshots_opened = 0;
  /// Open connections that facade threads may lease.
  std::uint64_t leases_open = 0;
  /// Restarts of all workers.
  std::uint64_t restarts = 0;
  /// The worst state of all workers.
  circuit_state circuit = circuit_state::closed;
  /// Each supervised worker.
  std::vector<worker_health> workers;
  /// At most ten, slowest first.
  std::vector<slow_statement> slowest;

  friend bool operator==(const statistics&, const statistics&) = default;
};

/// Whether the engine works, and its problems.
struct health_report {
  /// True if every worker runs, the circuit is closed, the file is in place and there is space to
  /// write.
  bool ok = false;
  /// Each supervised worker.
  std::vector<worker_health> workers;
  /// The worst state of all workers.
  circuit_state circuit = circuit_state::closed;
  /// True if there is a regular file at the database's path. `fenced` says if it is another one.
  bool file_present = false;
  /// The reason why writes are stopped; empty if they are not.
  std::string fenced;
  /// Free bytes for this user on the file system of the database.
  std::uint64_t disk_free_bytes = 0;
  /// Size of the `-wal` file in bytes.
  std::uint64_t wal_bytes = 0;
  /// Time since the newest verified backup was made; nullopt if there is none.
  std::optional<std::chrono::seconds> last_backup_age;
  /// One sentence each. If `ok`, they are warnings: requests run, but the operator should act
  /// (little free space, a long write-ahead log, an old backup).
  std::vector<std::string> problems;

  friend bool operator==(const health_report&, const health_report&) = default;
};

/// Description of the open database.
struct database_info {
  /// Version of the SQLite library in the process, such as "3.40.1".
  std::string sqlite_version;
  /// Version of this library, such as "0.1.0".
  std::string engine_version;
  /// Path of the file, absolute; empty for a memory database.
  std::filesystem::path path;
  /// True for a database in memory, which ends with the engine.
  bool memory = false;
  /// True if the engine was opened without a writer.
  bool read_only = false;
  /// Size of a database page in bytes.
  std::uint64_t page_size = 0;
  /// Pages of the database, free ones included.
  std::uint64_t page_count = 0;
  /// Pages without content, which `vacuum` releases.
  std::uint64_t freelist_count = 0;
  /// Size of the database file in bytes, without the WAL. Of a memory database, that of its pages.
  std::uint64_t file_bytes = 0;
  /// Size of the `-wal` file in bytes.
  std::uint64_t wal_bytes = 0;
  /// Journal mode as SQLite names it: "wal", also of a memory database. Another one is possible
  /// only in a read-only engine.
  std::string journal_mode;
  /// `options::synchronous` in SQLite's words: "off", "normal" or "full".
  std::string synchronous;
  /// Encoding of texts in the file, such as "UTF-8".
  std::string encoding;
  /// The program's own number in the file (`PRAGMA user_version`), 32 bits, signed.
  std::int64_t user_version = 0;
  /// The file's type (`PRAGMA application_id`), 32 bits, signed.
  std::int64_t application_id = 0;
  /// True if foreign keys are enforced.
  bool foreign_keys = false;
  /// Page cache of each connection in bytes.
  std::uint64_t cache_bytes = 0;
  /// Memory-mapped part of the file in bytes, as SQLite allows it.
  std::uint64_t mmap_bytes = 0;

  friend bool operator==(const database_info&, const database_info&) = default;
};

/// What a checkpoint waits for, as SQLite defines it.
enum class checkpoint_mode : std::uint8_t {
  passive, ///< copies what can be copied without waiting
  full,    ///< waits for writers and for readers of old snapshots, then copies everything
  restart, ///< then waits for readers, so that the next write restarts the WAL
  truncate ///< then truncates the `-wal` file to zero bytes
};

/// Result of a checkpoint.
struct checkpoint_result {
  /// True if the whole WAL was copied and the waits of the mode succeeded.
  bool complete = false;
  /// Pages in the WAL; 0 after a `truncate`.
  std::int64_t wal_pages = 0;
  /// How many of them are in the database file now; 0 after a `truncate`.
  std::int64_t moved_pages = 0;

  friend bool operator==(const checkpoint_result&, const checkpoint_result&) = default;
};

} // namespace dbengine
