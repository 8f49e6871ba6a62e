// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// Options of an engine, and properties of one request.
/// Thread safety: plain data. Ownership: by value.

#pragma once

#include <dbengine/defaults.hpp>
#include <dbengine/escalation.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace dbengine {

struct value_ref; // dbengine/value.hpp
class value;

/// The failures that a commit survives.
enum class synchronous : std::uint8_t {
  off, ///< nothing is synced: a power cut may corrupt the file
  /// survives a crash of the process; a power cut may lose the last commits, never corrupts
  normal,
  full ///< survives a crash of the process and a power cut: a commit is answered after its fsync
};

/// Where SQLite keeps temporary tables and the intermediate results of large sorts.
enum class temp_store : std::uint8_t {
  file,  ///< temporary files, in the folder of the environment variable SQLITE_TMPDIR or TMPDIR
  memory ///< memory of the process, without a bound of its own
};

/// A scalar SQL function, registered on every connection of the engine.
/// Thread safety: `call` runs on the engine's threads, several at a time.
/// Errors: an exception that `call` throws becomes the error of the statement.
struct function {
  /// Name in SQL, without parentheses; case-insensitive.
  std::string name;
  /// Number of arguments, -1 for any.
  int arguments = -1;
  /// True if the same input always gives the same output. Only then may the function be used in
  /// indexes and generated columns, and SQLite calls it once for many rows if the arguments do not
  /// change. If false (as in SQLite), it is called for each row.
  bool deterministic = false;
  /// Runs on the thread that runs the statement and may take as long as the statement's deadline.
  /// Neither it nor a collation may call the engine of that statement: the call would wait for
  /// itself and throws `errc::invalid_state` at once.
  std::function<value(std::span<const value_ref>)> call;
};

/// A collation, registered on every connection. `compare` returns a negative, zero or positive
/// number if the first text sorts before, with or after the second. It must be a total order and
/// thread-safe.
/// Errors: an exception that `compare` throws becomes the error of the statement, and the
/// transaction around that statement is rolled back.
struct collation {
  /// Name in SQL, after COLLATE; case-insensitive.
  std::string name;
  /// Called with two UTF-8 texts, on the thread that runs the statement.
  std::function<int(std::string_view, std::string_view)> compare;
};

/// Options of an engine. They are checked when it opens; `errc::invalid_option` names the faulty
/// one.
struct options {
  /// Reader actors, 1 to 64.
  int num_workers = defaults::num_workers;
  /// Reader connections that facade threads may lease, at most 1024; 0 means two per core, at least
  /// eight.
  std::size_t max_leases = 0;
  /// Logs every statement with its parameters and its time, in at most `defaults::max_echo_bytes`
  /// each.
  bool debug = false;

  /// Makes a verified backup every `backup_interval`. `request_backup` works without it.
  bool backup_enabled = false;
  /// Time from one periodic backup to the next: one second to 100 years.
  std::chrono::milliseconds backup_interval = defaults::backup_interval;
  /// The folder of periodic and requested backups. A relative path is resolved when the engine
  /// opens; the first backup makes the folder.
  std::filesystem::path backup_dir = "./backups";
  /// Removes old backups after each backup, by the next three bounds. The newest verified backup
  /// always stays.
  bool backup_cleanup_enabled = true;
  /// Verified backups that are kept, at least 1.
  int backup_cleanup_keep_count = defaults::backup_keep_count;
  /// Backups older than this are removed as well; 0 = no bound.
  std::chrono::seconds backup_cleanup_max_age{0};
  /// The oldest backups are removed while all together are larger, in bytes; 0 = no bound.
  std::uintmax_t backup_cleanup_max_bytes = 0;
  /// Compresses backups with zstd.
  bool backup_compress = false;
  /// Database pages that a backup copies between two pauses, at least 1.
  int backup_pages_per_step = defaults::backup_pages_per_step;
  /// Pause between two steps of a backup, 0 to 100 years. A longer one delays writers less.
  std::chrono::milliseconds backup_pause = defaults::backup_pause;
  /// A backup fails if the write-ahead log grows beyond this size, in bytes, while the backup pins
  /// its snapshot; 0 = no bound.
  std::uintmax_t backup_wal_limit = defaults::backup_wal_limit;

  /// What a commit survives; the same for every request.
  dbengine::synchronous synchronous = dbengine::synchronous::normal;
  /// Page cache of each connection in bytes, a multiple of 1 KiB below 2 TiB.
  std::size_t cache_size = defaults::cache_size;
  /// Memory-mapped part of the file in bytes, 0 = none. SQLite maps at most 2 GiB; `database_info`
  /// returns the size in effect.
  std::size_t mmap_size = defaults::mmap_size;
  /// How long the engine waits for a lock held by another process; an open waits this long in
  /// total. More than a year counts as a year, also in the other two timeouts.
  std::chrono::milliseconds busy_timeout = defaults::busy_timeout;
  /// Enforces foreign keys, on every connection.
  bool foreign_keys = true;
  /// Where temporary tables and large sorts are kept.
  dbengine::temp_store temp_store = dbengine::temp_store::memory;

  /// Deadline of a request that sets none, from its call to its answer; above 0.
  std::chrono::milliseconds request_timeout = defaults::request_timeout;
  /// How long `shutdown` lets waiting requests finish.
  std::chrono::milliseconds shutdown_timeout = defaults::shutdown_timeout;

  /// Requests that may wait, at least 1; one more fails with `errc::overloaded` at once.
  std::size_t max_queue = defaults::max_queue;
  /// Bytes that waiting requests may hold (SQL texts and parameters), at least 1; as `max_queue`.
  std::size_t max_queue_bytes = defaults::max_queue_bytes;
  /// Rows of one result, 0 = no bound. Beyond it a fetch fails with `errc::too_big` and its changes
  /// are rolled back. Rows of a cursor are not counted.
  std::size_t max_rows = 0;
  /// Bytes of one result or one page of a cursor, 0 = no bound; as `max_rows`. One row has at most
  /// 2 GiB in any case.
  std::size_t max_result_bytes = 0;

  /// Opens an existing file without a writer. A transaction of a killed process is rolled back
  /// first, except with `mode=ro` in the URL.
  bool read_only = false;

  /// Scalar SQL functions, registered on every connection when it opens.
  std::vector<function> functions = {};
  /// Collations, registered on every connection when it opens.
  std::vector<collation> collations = {};

  /// Called when an event occurs that a restart does not resolve (a circuit opens, writing is
  /// fenced, a worker is stuck), and when the event is over.
  /// Thread safety: called on a thread of the engine or of a caller. It must return soon and must
  /// not call the engine; its exceptions are logged.
  std::function<void(const escalation&)> on_escalation = {};
};

/// Which requests run first if several wait.
enum class priority : std::uint8_t {
  interactive,       ///< the default
  background,        ///< bulk loads: run if nothing interactive waits
  maintenance,       ///< vacuum, backup and similar: last
  batch = background ///< old name, until 1.0
};

/// Properties of one request.
struct request_options {
  /// Time from the call to the answer; nullopt takes the engine's `request_timeout`. Zero or less
  /// counts as expired.
  std::optional<std::chrono::milliseconds> timeout = std::nullopt;
  /// Cancels the request: a waiting request never runs, a running one is interrupted within 50 ms.
  std::stop_token cancel = {};
  /// Which of the waiting requests run first; it does not interrupt a running one.
  dbengine::priority priority = dbengine::priority::interactive;
  /// Exactly-once: a write whose id was committed before returns the result recorded then. If the
  /// id belongs to another request, the write fails with `errc::invalid_state`.
  ///
  /// Ids are kept for at least a day of the engine's own time (not the system's clock), and the
  /// newest 10,000 in any case. Calls that are not recorded (`write`, `read`, raw connections,
  /// cursors, maintenance, backups) fail with `errc::invalid_option` if they have an id.
  std::string id = {};
};

} // namespace dbengine
