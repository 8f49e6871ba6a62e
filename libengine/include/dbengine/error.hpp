// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Errors of the engine: code, outcome and position, as data and as an exception.
// Thread safety: plain data, may be shared after construction. Ownership: by value.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace dbengine {

/// The kind of an error, in the engine's own terms. SQLite's codes are beside it in `error_info`.
enum class errc : std::uint8_t {
  none = 0,
  invalid_url = 1,     ///< the database URL cannot be parsed; the message shows the faulty part
  invalid_option,      ///< an option or argument is outside its range
  cannot_open,         ///< missing folder, no permission, too many open files
  not_a_database,      ///< the file is not an SQLite database
  corrupt,             ///< SQLite found the file malformed
  read_only,           ///< a write to a read-only engine, file or listener
  locked,              ///< another read-write engine holds this file
  bind,                ///< a missing, extra, misspelt or unusable parameter
  sql,                 ///< the statement is wrong: syntax, unknown table or column, run-time error
  constraint,          ///< UNIQUE, CHECK, NOT NULL, FOREIGN KEY, RAISE(ABORT) and their like
  busy,                ///< another process held the file longer than `busy_timeout`
  timeout,             ///< the request's deadline passed
  cancelled,           ///< the caller cancelled the request
  overloaded,          ///< a queue or a result has reached its bound; nothing ran
  multiple_statements, ///< text after the first statement; `offset` is its position
  empty_statement,     ///< only white space and comments
  not_allowed, ///< not permitted here: transaction control, ATTACH, pragmas that break the engine …
  type,        ///< a column value was read as a type that it does not have
  range,       ///< a number does not fit, or an index is out of range
  no_column,   ///< no column of that name in the result
  too_big,     ///< a value, text or result beyond its limit
  disk_full,   ///< no space for the write; it was rolled back, reads continue
  io,          ///< a read, write or sync of the operating system failed
  unavailable, ///< the circuit is open or the worker is being replaced
  poison,      ///< the request failed two workers; it is not retried on a third
  fenced,      ///< the file was moved, deleted or truncated by another process; writes are stopped
  outcome_unknown, ///< the connection or the process failed during a write
  shut_down,       ///< the engine is shut down, or shutting down
  forked,          ///< the engine belongs to the parent process
  invalid_state,   ///< a handle was used after its scope, or a transaction was ended from inside
  backup_failed,   ///< the backup, verification or restore failed; its files were removed
  unreachable,     ///< the remote engine cannot be reached
  protocol,        ///< the peer speaks another version or interface
  internal         ///< a bug in the engine
};

/// The name of a code as in the source, for example "multiple_statements".
std::string_view to_string(errc code) noexcept;

/// The outcome of the request that failed.
enum class outcome : std::uint8_t {
  not_run,     ///< it did not start; nothing changed
  rolled_back, ///< it started and all of its changes were rolled back
  unknown,     ///< it may or may not have run (only `errc::outcome_unknown` and similar)
  /// `OR FAIL` and `RAISE(FAIL)`: rows before the failing one are kept, as SQLite does
  partially_applied,
  partly_kept = partially_applied, ///< old name, until 1.0
};

/// Old name of `outcome`, until 1.0.
using fate = outcome;

std::string_view to_string(outcome f) noexcept;

/// All data of an error. Actors carry it in a `caf::error`, the facade throws it as `error`.
struct error_info {
  errc code = errc::none;
  dbengine::outcome outcome = dbengine::outcome::not_run;
  /// SQLite's extended result code (the low byte is the primary code); 0 if SQLite is not involved.
  int extended_code = 0;
  /// Byte offset of the error in the SQL text.
  std::optional<std::size_t> offset = std::nullopt;
  /// Index of the failing parameter set or operation, from 0.
  std::optional<std::size_t> index = std::nullopt;
  /// One sentence for a human reader, without code and position.
  std::string message = {};

  friend bool operator==(const error_info&, const error_info&) = default;
};

/// The error as one line: "sql: no such column: nope (SQLite code 1, at byte 12)".
std::string to_string(const error_info& info);

/// The exception that the facade throws. `what()` is the whole line, the accessors return the
/// parts.
class error : public std::runtime_error {
public:
  explicit error(error_info info) : std::runtime_error(to_string(info)), info_(std::move(info)) {}

  error(errc code, std::string message)
      : error(error_info{.code = code, .message = std::move(message)}) {}

  errc code() const noexcept { return info_.code; }
  dbengine::outcome outcome() const noexcept { return info_.outcome; }
  /// SQLite's primary result code; 0 if SQLite is not involved.
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
