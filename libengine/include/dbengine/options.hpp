// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How an engine is opened and how one request is run.
// Thread rule: plain data. Ownership: by value.

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

struct value_ref;
class value;

/// How much of a commit survives what.
enum class synchronous : std::uint8_t {
  off,    ///< nothing is synced: a power cut may corrupt the file
  normal, ///< survives a crash of the process; a power cut may lose the last commits, never corrupts
  full    ///< survives a crash of the process and a power cut: a commit is answered after its fsync
};

enum class temp_store : std::uint8_t { file, memory };

/// A scalar SQL function, known to every connection of the engine. It runs on the engine's threads, several at a time:
/// it must be thread-safe. An exception it throws becomes the statement's error.
struct function {
  std::string name;
  /// Number of arguments, -1 for any.
  int arguments = -1;
  /// The same input always gives the same output. Only then may it stand in indexes and generated columns, and SQLite calls it
  /// once for many rows where the arguments do not change. Off, as in SQLite: each row gets a call of its own.
  bool deterministic = false;
  /// Runs on the thread that runs the statement, several at once, and may take as long as the statement's deadline. It may not call the
  /// engine of that statement, nor may a collation: the call would wait for itself, and is `errc::invalid_state` at once.
  std::function<value(std::span<const value_ref>)> call;
};

/// A collation, known to every connection: negative, zero or positive as the first sorts before, with
/// or after the second. Must be a total order and thread-safe. An exception that it throws becomes the error of the statement that
/// compared, and the transaction around that statement is rolled back.
struct collation {
  std::string name;
  std::function<int(std::string_view, std::string_view)> compare;
};

/// The options of an engine, checked when it opens (`errc::invalid_option` names the one at fault).
struct options {
  /// Reader actors, 1 to 64.
  int num_workers = defaults::num_workers;
  /// Reader connections lent to facade threads; 0 means two per core, at least eight.
  std::size_t max_leases = 0;
  /// Echo every statement, its parameters and its time to the log.
  bool debug = false;

  bool backup_enabled = false;
  /// From one second up.
  std::chrono::milliseconds backup_interval = defaults::backup_interval;
  std::filesystem::path backup_dir = "./backups";
  bool backup_cleanup_enabled = true;
  /// At least 1.
  int backup_cleanup_keep_count = defaults::backup_keep_count;
  /// Backups older than this are removed as well; 0 = no bound.
  std::chrono::seconds backup_cleanup_max_age{0};
  /// Oldest backups are removed while all together are larger; 0 = no bound.
  std::uintmax_t backup_cleanup_max_bytes = 0;
  bool backup_compress = false;
  int backup_pages_per_step = defaults::backup_pages_per_step;
  std::chrono::milliseconds backup_pause = defaults::backup_pause;
  /// A backup fails where the write-ahead log grows past this while its snapshot is pinned; 0 = no bound.
  std::uintmax_t backup_wal_limit = defaults::backup_wal_limit;

  dbengine::synchronous synchronous = dbengine::synchronous::normal;
  /// Page cache of each connection in bytes, in whole KiB, less than 2 TiB.
  std::size_t cache_size = defaults::cache_size;
  /// Memory-mapped part of the file in bytes, 0 = none. SQLite maps at most 2 GiB: `database_info` tells how much.
  std::size_t mmap_size = defaults::mmap_size;
  /// How long a lock of another process is waited for, in all of an opening, too. More than a year is a year, here and in the other two timeouts.
  std::chrono::milliseconds busy_timeout = defaults::busy_timeout;
  bool foreign_keys = true;
  dbengine::temp_store temp_store = dbengine::temp_store::memory;

  /// Deadline of a request that names none, from its call to its answer.
  std::chrono::milliseconds request_timeout = defaults::request_timeout;
  /// How long `shutdown` finishes what waits.
  std::chrono::milliseconds shutdown_timeout = defaults::shutdown_timeout;

  /// Requests and bytes that may wait; one more is `errc::overloaded` at once.
  std::size_t max_queue = defaults::max_queue;
  std::size_t max_queue_bytes = defaults::max_queue_bytes;
  /// Bounds of one result, 0 = none; beyond them a fetch is `errc::too_big` and what it wrote is undone. The rows of a cursor
  /// are not counted, the bytes of each of its batches are. One row has at most 2 GiB in any case.
  std::size_t max_rows = 0;
  std::size_t max_result_bytes = 0;

  /// Open an existing file with no writer. A transaction that a program was killed in is undone first, but for `mode=ro` in the URL.
  bool read_only = false;

  std::vector<function> functions = {};
  std::vector<collation> collations = {};

  /// Told what restarting alone does not mend (a circuit opens, writing is fenced, a worker is stuck), and when it is over.
  /// Called on a thread of the engine or of a caller: must return soon and must not call the engine; what it throws is logged.
  std::function<void(const escalation&)> on_escalation = {};
};

/// Which requests go first when several wait.
enum class priority : std::uint8_t {
  interactive,       ///< the default
  background,        ///< bulk loads: run when nothing interactive waits
  maintenance,       ///< vacuum, backup and their like: last
  batch = background ///< the older name, until 1.0
};

/// The properties of one request.
struct request_options {
  /// From the call to the answer; none takes the engine's `request_timeout`. Zero or less has expired.
  std::optional<std::chrono::milliseconds> timeout = std::nullopt;
  /// Ask to stop: waiting, the request never runs; running, it is interrupted within 50 ms.
  std::stop_token cancel = {};
  dbengine::priority priority = dbengine::priority::interactive;
  /// Exactly-once: a write whose id was committed before is answered with the result recorded then; `errc::invalid_state` where that was another.
  /// Ids are kept for a day at least, by the engine's own time and not the system's clock, and the newest 10,000 in any case. What is not
  /// recorded (`write`, `read`, raw connections, cursors, maintenance, backups) is `errc::invalid_option` with one.
  std::string id = {};
};

} // namespace dbengine
