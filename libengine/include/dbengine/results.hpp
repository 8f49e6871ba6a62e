// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// Results of the engine's calls.
/// Thread safety: plain data. Ownership: by value; `rows` share their arena.

#pragma once

#include <dbengine/params.hpp>
#include <dbengine/rows.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace dbengine {

/// Result of one statement that writes.
struct write_result {
  /// Rows that the statement itself inserted, updated or deleted, without triggers and foreign key
  /// actions.
  std::int64_t changes = 0;
  /// The rowid of the last row that the statement inserted; 0 if it inserted none.
  std::int64_t last_insert_rowid = 0;
  /// Run time of the statement on its connection, without queueing and commit.
  std::chrono::nanoseconds elapsed{0};

  friend bool operator==(const write_result&, const write_result&) = default;
};

/// Result of `execute_many`.
struct batch_result {
  /// Parameter sets that ran: all sets of the call.
  std::size_t sets = 0;
  /// Rows inserted, updated or deleted by all sets, without triggers and foreign key actions.
  std::int64_t changes = 0;
  /// Run time of all sets on their connection, without queueing and commit.
  std::chrono::nanoseconds elapsed{0};

  friend bool operator==(const batch_result&, const batch_result&) = default;
};

/// One step of `execute_transaction`.
struct operation {
  /// What the operation returns.
  enum class kind : std::uint8_t {
    execute, ///< a `write_result`
    fetch    ///< `rows`, also of a writing statement with RETURNING
  };

  /// Which result the operation has.
  kind what = kind::execute;
  /// One statement. More than one is `errc::multiple_statements`, none `errc::empty_statement`.
  std::string sql = {};
  /// The statement's parameters.
  params parameters = {};

  /// An operation that returns a `write_result`.
  static operation execute(std::string sql, params p = {}) {
    return {kind::execute, std::move(sql), std::move(p)};
  }
  /// An operation that returns `rows`.
  static operation fetch(std::string sql, params p = {}) {
    return {kind::fetch, std::move(sql), std::move(p)};
  }
  /// As above, with positional arguments.
  template <bindable... Ts>
  requires(sizeof...(Ts) > 0) static operation execute(std::string sql, const Ts&... xs) {
    return {kind::execute, std::move(sql), params::of(xs...)};
  }
  /// As above, with positional arguments.
  template <bindable... Ts>
  requires(sizeof...(Ts) > 0) static operation fetch(std::string sql, const Ts&... xs) {
    return {kind::fetch, std::move(sql), params::of(xs...)};
  }

  friend bool operator==(const operation&, const operation&) = default;
};

/// The result of one operation: `write()` for an execute, `rows()` for a fetch. The wrong one
/// throws `errc::invalid_state`.
class operation_result {
public:
  /// The result of an execute that changed nothing.
  operation_result() = default;
  /// The result of an execute.
  operation_result(write_result w) : data_(w) {}
  /// The result of a fetch.
  operation_result(dbengine::rows r) : data_(std::move(r)) {}

  /// True if the operation was a fetch.
  bool is_rows() const noexcept { return data_.index() == 1; }
  /// The rows of a fetch. Valid as long as this object. Throws `errc::invalid_state` for an
  /// execute.
  const dbengine::rows& rows() const;
  /// The result of an execute. Valid as long as this object. Throws `errc::invalid_state` for a
  /// fetch.
  const write_result& write() const;

  friend bool operator==(const operation_result&, const operation_result&) = default;

private:
  std::variant<write_result, dbengine::rows> data_;
};

/// How `execute_script` treats a failing statement.
enum class script_mode : std::uint8_t {
  /// one transaction; the first failure rolls back everything and is thrown with its index and
  /// offset
  all_or_nothing,
  continue_on_error ///< each statement by itself; the result holds the failures
};

/// One statement of a script and its result.
struct script_step {
  /// Byte offset of the statement in the script, from 0.
  std::size_t offset = 0;
  /// Length of the statement in bytes.
  std::size_t size = 0;
  /// What the statement changed; zeros if it only read or failed.
  write_result written = {};
  /// The rows, if the statement returns rows.
  dbengine::rows result = {};
  /// Set if the statement failed; its offset counts from the start of the script.
  std::optional<error_info> failure = std::nullopt;

  friend bool operator==(const script_step&, const script_step&) = default;
};

/// Result of `execute_script`.
struct script_result {
  /// The statements that ran, in order.
  std::vector<script_step> steps = {};
  /// The number of them that failed.
  std::size_t failures() const noexcept;

  friend bool operator==(const script_result&, const script_result&) = default;
};

} // namespace dbengine
