// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// Errors of the engine: code, outcome and position, as data and as an exception.
/// Thread safety: plain data, may be shared after construction. Ownership: by value.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

/// An SQLite engine of actors: its data types, and the facade `db_engine`.
namespace dbengine {

/// The kind of an error, in the engine's own terms. SQLite's codes are beside it in `error_info`.
///
/// Each value says what happened, the possible outcomes of the request, and whether a retry helps.
/// An error inside a transaction, a batch or an `all_or_nothing` script is `rolled_back`, whatever
/// its code, and has the index of the failing part. docs/errors.md is made of these comments.
enum class errc : std::uint8_t {
  /// No error: the code of an `error_info` that was not set.
  /// Outcome: none.
  /// Retry: not needed.
  none = 0,
  /// The database URL cannot be parsed; the message shows the faulty part.
  /// Outcome: `not_run`.
  /// Retry: no; correct the URL.
  invalid_url = 1,
  /// An option or an argument is outside its range, or does not fit the call.
  /// Outcome: `not_run`.
  /// Retry: no; correct the option that the message names.
  invalid_option,
  /// A file cannot be opened, or the process has too few threads or file descriptors left.
  /// Outcome: `not_run` when the engine opens; `rolled_back` for a statement.
  /// Retry: no; correct the path, the permissions or the limit that the message names.
  cannot_open,
  /// The file is not an SQLite database.
  /// Outcome: `not_run` when the engine opens and for reads; `rolled_back` for a write.
  /// Retry: no; check the path.
  not_a_database,
  /// SQLite found the file malformed.
  /// Outcome: `not_run` when the engine opens and for reads; `rolled_back` for a write.
  /// Retry: no; run `integrity_check` and restore a verified backup.
  corrupt,
  /// A write to an engine, a snapshot, a port or a file that can only be read.
  /// Outcome: `not_run`; `rolled_back` if SQLite refused it while it ran.
  /// Retry: no; send the write to an engine that was opened for writing.
  read_only,
  /// Another engine, a restore or another program has the file open.
  /// Outcome: `not_run`.
  /// Retry: yes, after the process that the message names has closed the file.
  locked,
  /// A parameter is missing, extra, misspelt, duplicate or unusable.
  /// Outcome: `not_run`.
  /// Retry: no; correct the call.
  bind,
  /// The statement is wrong: syntax, an unknown table or column, or an error at run time.
  /// Outcome: `not_run` for reads; `rolled_back` for a write that failed while it ran.
  /// Retry: no; correct the statement at `offset`.
  sql,
  /// UNIQUE, CHECK, NOT NULL, FOREIGN KEY, `RAISE(ABORT)` and their like refused the data.
  /// Outcome: `rolled_back`; `partially_applied` after `OR FAIL` or `RAISE(FAIL)`.
  /// Retry: no; correct the data.
  constraint,
  /// Another process held a lock longer than `busy_timeout`, or a backup or cursor is in use.
  /// Outcome: `not_run`; `rolled_back` for a write that had begun.
  /// Retry: yes, later.
  busy,
  /// The request's deadline passed.
  /// Outcome: `not_run` if it waited; `rolled_back` if it ran; `partially_applied` for a
  /// `continue_on_error` script; `unknown` if its commit had begun or no answer arrived.
  /// Retry: yes, with a longer timeout; after `unknown` only with an id.
  timeout,
  /// The caller cancelled the request.
  /// Outcome: as for `timeout`.
  /// Retry: as the caller likes; after `unknown` only with an id.
  cancelled,
  /// A bound of waiting requests, of their bytes or of open cursors is reached.
  /// Outcome: `not_run`.
  /// Retry: yes, after a pause, with fewer requests in flight.
  overloaded,
  /// Text after the first statement; `offset` is its position.
  /// Outcome: `not_run`.
  /// Retry: no; use `execute_script`.
  multiple_statements,
  /// Only white space and comments.
  /// Outcome: `not_run`.
  /// Retry: no.
  empty_statement,
  /// Not permitted here: transaction control, ATTACH, a pragma that breaks the engine, a write in a
  /// cursor, a function that a remote engine does not offer.
  /// Outcome: `not_run`; `rolled_back` if SQLite refused it while it ran.
  /// Retry: no; use the function of the engine that does it, such as `write` or `set_pragma`.
  not_allowed,
  /// A column value was read as a type that it does not have.
  /// Outcome: `not_run`, of the conversion only: the statement itself succeeded.
  /// Retry: no; read the value as its own type.
  type,
  /// A number or a time does not fit its type, or an index is past the end.
  /// Outcome: `not_run`; if the value is from a result, the statement itself succeeded.
  /// Retry: no; use a wider type.
  range,
  /// The result has no column of that name.
  /// Outcome: `not_run`, of the access only: the statement itself succeeded.
  /// Retry: no; the message lists the names.
  no_column,
  /// A value, a text, a request or a result exceeds its limit, or memory ran out.
  /// Outcome: `not_run` for reads; `rolled_back` for a write; `partially_applied` for a
  /// `continue_on_error` script; `unknown` if the answer to a write does not fit.
  /// Retry: no; use a cursor or smaller parts, or raise the limit.
  too_big,
  /// No space for the write; reads continue.
  /// Outcome: `rolled_back`; `not_run` for a backup.
  /// Retry: yes, after space is free.
  disk_full,
  /// A read, a write or a sync of the operating system failed.
  /// Outcome: `not_run` for reads; `rolled_back` for a write.
  /// Retry: no; check the disk and the system's log.
  io,
  /// A circuit is open, a worker is being replaced, or a connection to the file failed.
  /// Outcome: `not_run`; `rolled_back` for a write that had begun.
  /// Retry: yes, after a pause; `health` reports the cause.
  unavailable,
  /// The request failed two workers and never runs on a third.
  /// Outcome: `not_run` for reads; `rolled_back` for a write.
  /// Retry: no; examine the statement and its functions.
  poison,
  /// Writes are stopped: the file was moved, replaced, deleted or truncated, or a failed commit is
  /// unresolved.
  /// Outcome: `not_run`; `rolled_back` for a statement of a transaction; `partially_applied` for a
  /// `continue_on_error` script; `unknown` for the write whose commit failed.
  /// Retry: no; `health` has the reason. Open the engine again when the file is in its place.
  fenced,
  /// The worker, the process or the connection failed during a write.
  /// Outcome: `unknown`.
  /// Retry: only with an id (`request_options::id`); otherwise read what the file holds.
  outcome_unknown,
  /// The engine, or the connection to it, is shut down or shutting down.
  /// Outcome: `not_run` if it waited; `rolled_back` if it ran; `partially_applied` for a
  /// `continue_on_error` script; `unknown` if its commit had begun or no answer arrived.
  /// Retry: yes, on another engine; after `unknown` only with an id.
  shut_down,
  /// The engine belongs to the parent process.
  /// Outcome: `not_run`.
  /// Retry: no; open an engine in this process.
  forked,
  /// A handle was used after its scope or move, or after its transaction had ended. Or a function
  /// called its own engine, or an id belongs to another request.
  /// Outcome: `not_run`; what the transaction had changed is rolled back.
  /// Retry: no; correct the program.
  invalid_state,
  /// A backup, a verification, a restore or a removal of backups failed. Unfinished files are
  /// removed, and the target of a restore is unchanged.
  /// Outcome: `not_run`.
  /// Retry: yes, after the cause in the message is resolved.
  backup_failed,
  /// The remote engine cannot be reached.
  /// Outcome: `not_run`.
  /// Retry: yes, later: the connection is restored automatically.
  unreachable,
  /// The peer speaks another version or interface, or sent what cannot be read.
  /// Outcome: `not_run`; `unknown` if the answer to a write cannot be read.
  /// Retry: no; use the same version on both sides.
  protocol,
  /// A bug in the engine, or an exception of an unknown type.
  /// Outcome: any.
  /// Retry: no; report it with the message.
  internal
};

/// The name of a code as in the source, for example "multiple_statements"; "internal" for a number
/// without a name. The text is static.
std::string_view to_string(errc code) noexcept;

/// The outcome of the request that failed: what it changed in the database.
enum class outcome : std::uint8_t {
  not_run,     ///< nothing changed: it did not start, or a read failed
  rolled_back, ///< its changes were rolled back, or it is a read that was interrupted
  /// it may or may not have been committed. Send it again only if it has an id
  unknown,
  /// a part is committed: the rows before the failing one (`OR FAIL`, `RAISE(FAIL)`), or earlier
  /// statements of a `continue_on_error` script
  partially_applied,
  partly_kept = partially_applied, ///< old name, until 1.0
};

/// Old name of `outcome`, until 1.0.
using fate = outcome;

/// The outcome as part of a sentence: "did not run", "was rolled back", "outcome unknown" or "was
/// kept in part". The text is static.
std::string_view to_string(outcome f) noexcept;

/// All data of an error. Actors carry it in a `caf::error`, the facade throws it as `error`.
struct error_info {
  /// What kind of error it is; `none` in a default-constructed object.
  errc code = errc::none;
  /// What the whole request changed, also if `index` names one part of it.
  dbengine::outcome outcome = dbengine::outcome::not_run;
  /// SQLite's extended result code (the low byte is the primary code); 0 if SQLite is not involved.
  int extended_code = 0;
  /// Byte offset of the error in the SQL text, from 0; nullopt if there is no position.
  std::optional<std::size_t> offset = std::nullopt;
  /// Index of the failing parameter set, operation or statement of a script, from 0; nullopt if the
  /// request has only one part.
  std::optional<std::size_t> index = std::nullopt;
  /// One sentence for a human reader, without code and position.
  std::string message = {};

  friend bool operator==(const error_info&, const error_info&) = default;
};

/// The error as one line: "sql: no such column: nope (SQLite code 1, at byte 12)". An extended code
/// follows the primary one after a slash; the outcome `not_run` is omitted.
std::string to_string(const error_info& info);

/// The exception that the facade throws. `what()` is the whole line, the accessors return the
/// parts.
/// Thread safety: immutable.
class error : public std::runtime_error {
public:
  /// Takes all data; `what()` becomes `to_string(info)`.
  explicit error(error_info info) : std::runtime_error(to_string(info)), info_(std::move(info)) {}

  /// An error without position and SQLite code, and with the outcome `not_run`.
  error(errc code, std::string message)
      : error(error_info{.code = code, .message = std::move(message)}) {}

  /// `error_info::code`.
  errc code() const noexcept { return info_.code; }
  /// `error_info::outcome`.
  dbengine::outcome outcome() const noexcept { return info_.outcome; }
  /// SQLite's primary result code; 0 if SQLite is not involved.
  int sqlite_code() const noexcept { return info_.extended_code & 0xff; }
  /// SQLite's extended result code, such as 2067 (`SQLITE_CONSTRAINT_UNIQUE`); 0 if SQLite is not
  /// involved.
  int sqlite_extended_code() const noexcept { return info_.extended_code; }
  /// `error_info::offset`.
  std::optional<std::size_t> offset() const noexcept { return info_.offset; }
  /// `error_info::index`.
  std::optional<std::size_t> index() const noexcept { return info_.index; }
  /// `error_info::message`: `what()` without code and position. Valid as long as the exception.
  const std::string& message() const noexcept { return info_.message; }
  /// All data, for example to log or to send it. Valid as long as the exception.
  const error_info& info() const noexcept { return info_; }

private:
  error_info info_;
};

} // namespace dbengine
