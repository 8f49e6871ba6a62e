// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What every failure of the engine looks like to its caller.
// Thread rule: plain data, share after construction. Ownership: by value.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace dbengine {

/// What went wrong, in the engine's own terms. SQLite's codes stand beside it in `error_info`.
enum class errc : std::uint8_t {
  none = 0,
  invalid_url = 1, ///< the database URL cannot be understood; the message shows the part at fault
  invalid_option,  ///< an option or argument is outside its range
  cannot_open,     ///< missing directory, no permission, too many open files
  not_a_database,  ///< the file is no SQLite database
  corrupt,         ///< SQLite found the file malformed
  read_only,       ///< a write to a read-only engine, file or listener
  locked,          ///< another read-write engine holds this file
  bind,            ///< a missing, extra, misspelt or unusable parameter
  sql,             ///< the statement is wrong: syntax, unknown table or column, run-time error
  constraint,      ///< UNIQUE, CHECK, NOT NULL, FOREIGN KEY, RAISE(ABORT) and their like
  busy,            ///< another process held the file longer than `busy_timeout`
  timeout,         ///< the request's deadline passed
  cancelled,       ///< the caller asked to stop
  overloaded,      ///< a queue or result bound is reached; nothing was run
  multiple_statements, ///< text after the first statement; `offset` says where
  empty_statement,     ///< nothing but space and comments
  not_allowed,         ///< forbidden here: transaction control, ATTACH, engine-breaking pragmas …
  type,                ///< a column value was asked for as a type that it is not
  range,               ///< a number does not fit, or an index is past the end
  no_column,           ///< no column of that name in the result
  too_big,             ///< a value, text or result beyond its limit
  disk_full,           ///< no space for the write; it was rolled back, reads go on
  io,                  ///< the operating system failed a read, write or sync
  unavailable,         ///< the circuit is open or the worker is being replaced
  poison,              ///< the request failed two workers and is not tried on a third
  fenced, ///< the file was moved, deleted or truncated under the engine; writes are stopped
  outcome_unknown, ///< the wire or the process broke while a write was under way
  shut_down,       ///< the engine is shut down, or shutting down
  forked,          ///< the engine belongs to the parent process
  invalid_state,   ///< a handle was used after its scope, or a transaction was ended from inside
  backup_failed,   ///< the backup, verification or restore did not succeed; nothing was left behind
  unreachable,     ///< the remote engine cannot be reached
  protocol,        ///< the peer speaks another version or interface
  internal         ///< a defect of the engine
};

/// The name of a code as written in the source, e.g. "multiple_statements".
std::string_view to_string(errc code) noexcept;

/// What became of the request that an error answers.
enum class outcome : std::uint8_t {
  not_run,     ///< it never started, nothing is changed
  rolled_back, ///< it started and every change is undone
  unknown,     ///< it may or may not have been done (only `errc::outcome_unknown` and its kin)
  partially_applied, ///< `OR FAIL` and `RAISE(FAIL)`: the rows before the failing one are kept, as SQLite has it
  partly_kept = partially_applied, ///< the older name, until 1.0
};

/// The older name of `outcome`, until 1.0.
using fate = outcome;

std::string_view to_string(outcome f) noexcept;

/// Everything known of a failure, as data. Actors carry it in a `caf::error`, the facade throws it
/// in an `error`.
struct error_info {
  errc code = errc::none;
  dbengine::outcome outcome = dbengine::outcome::not_run;
  /// SQLite's extended result code (its low byte is the primary code), 0 where SQLite is not involved.
  int extended_code = 0;
  /// Byte offset of the mistake in the SQL text.
  std::optional<std::size_t> offset = std::nullopt;
  /// Index of the failing parameter set or operation, from 0.
  std::optional<std::size_t> index = std::nullopt;
  /// One sentence for a person, without code and position.
  std::string message = {};

  friend bool operator==(const error_info&, const error_info&) = default;
};

/// "sql: no such column: nope (SQLite code 1, at byte 12)".
std::string to_string(const error_info& info);

/// The exception of the facade. `what()` is the whole text, the accessors give the parts.
class error : public std::runtime_error {
public:
  explicit error(error_info info) : std::runtime_error(to_string(info)), info_(std::move(info)) {}

  error(errc code, std::string message)
      : error(error_info{.code = code, .message = std::move(message)}) {}

  errc code() const noexcept { return info_.code; }
  dbengine::outcome outcome() const noexcept { return info_.outcome; }
  /// SQLite's primary result code, 0 where SQLite is not involved.
  int sqlite_code() const noexcept { return info_.extended_code & 0xff; }
  int sqlite_extended_code() const noexcept { return info_.extended_code; }
  std::optional<std::size_t> offset() const noexcept { return info_.offset; }
  std::optional<std::size_t> index() const noexcept { return info_.index; }
  const std::string& message() const noexcept { return info_.message; }
  const error_info& info() const noexcept { return info_; }

private:
  error_info info_;
};

} // namespace dbengine
