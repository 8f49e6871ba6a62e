// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What the calls of the engine return.
// Thread rule: plain data. Ownership: by value; `rows` inside share their arena.

#pragma once

#include <dbengine/params.hpp>
#include <dbengine/rows.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace dbengine {

/// Of one statement that writes.
struct write_result {
  /// Rows inserted, updated or deleted by the statement itself, without triggers and foreign key actions.
  std::int64_t changes = 0;
  /// The rowid of the last row that the statement inserted, 0 where it inserted none.
  std::int64_t last_insert_rowid = 0;
  /// Run time of the statement on its connection, without queueing and commit.
  std::chrono::nanoseconds elapsed{0};

  friend bool operator==(const write_result&, const write_result&) = default;
};

/// Of `execute_many`.
struct batch_result {
  /// Sets that were run: all that were given.
  std::size_t sets = 0;
  /// Rows inserted, updated or deleted by all of them, without triggers and foreign key actions.
  std::int64_t changes = 0;
  /// Run time of all of them on their connection, without queueing and commit.
  std::chrono::nanoseconds elapsed{0};

  friend bool operator==(const batch_result&, const batch_result&) = default;
};

/// One step of `execute_transaction`.
struct operation {
  enum class kind : std::uint8_t { execute, fetch };

  kind what = kind::execute;
  std::string sql = {};
  params parameters = {};

  static operation execute(std::string sql, params p = {}) {
    return {kind::execute, std::move(sql), std::move(p)};
  }
  static operation fetch(std::string sql, params p = {}) {
    return {kind::fetch, std::move(sql), std::move(p)};
  }
  template <bindable... Ts>
  requires(sizeof...(Ts) > 0) static operation execute(std::string sql, const Ts&... xs) {
    return {kind::execute, std::move(sql), params::of(xs...)};
  }
  template <bindable... Ts>
  requires(sizeof...(Ts) > 0) static operation fetch(std::string sql, const Ts&... xs) {
    return {kind::fetch, std::move(sql), params::of(xs...)};
  }

  friend bool operator==(const operation&, const operation&) = default;
};

/// The result of one operation: of an execute `write()`, of a fetch `rows()`. The wrong one throws
/// `errc::invalid_state`.
class operation_result {
public:
  operation_result() = default;
  operation_result(write_result w) : data_(w) {}
  operation_result(dbengine::rows r) : data_(std::move(r)) {}

  bool is_rows() const noexcept { return data_.index() == 1; }
  const dbengine::rows& rows() const;
  const write_result& write() const;

  friend bool operator==(const operation_result&, const operation_result&) = default;

private:
  std::variant<write_result, dbengine::rows> data_;
};

/// How `execute_script` treats a failing statement.
enum class script_mode : std::uint8_t {
  all_or_nothing, ///< one transaction; the first failure undoes everything and is thrown with its index and offset
  continue_on_error ///< each statement for itself; failures stand in the result
};

/// One statement of a script and what came of it.
struct script_step {
  /// Byte position and length of the statement in the script.
  std::size_t offset = 0;
  std::size_t size = 0;
  write_result written = {};
  /// The rows of a statement that returns some.
  dbengine::rows result = {};
  /// Set where the statement failed; offsets in it count from the start of the script.
  std::optional<error_info> failure = std::nullopt;

  friend bool operator==(const script_step&, const script_step&) = default;
};

/// Of `execute_script`.
struct script_result {
  /// Each statement that was run, in order.
  std::vector<script_step> steps = {};
  /// How many of them failed.
  std::size_t failures() const noexcept;

  friend bool operator==(const script_result&, const script_result&) = default;
};

} // namespace dbengine
