// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Runs a plain insert with many sets of parameters as an insert of several rows.
// Thread safety: the connection's user.

#pragma once

#include "connection/connection.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace dbengine::sqlite {

/// An insert with up to 32 rows a run. Half of what SQLite does for a row (starting and ending the
/// statement, opening table and indices) is then done once for all of them: x1.4 of `execute_many`.
///
/// Applies only to a statement and a table for which one run with many rows is the same as many
/// runs with one row. The variant is cached with its statement (`prepared::multi_row`).
class connection::batched_insert {
public:
  batched_insert(connection& c, prepared& p) noexcept : connection_(&c), statement_(&p) {}

  /// Runs as many sets as fill whole statements, from the first on, and adds them to `result`. If
  /// one of them fails, undoes them all and adds nothing: run one by one, the sets show which one
  /// fails, and why. Throws `error` with the index of a set if the request must stop.
  void run(std::span<const params> sets, batch_result& result, request_control& c);

private:
  prepared* multi_row_variant();
  bool is_plain_table(const std::string& name) noexcept;
  bool run_all(prepared& many, std::span<const params> sets, batch_result& done,
               request_control& c);

  connection* connection_;
  prepared* statement_;
};

} // namespace dbengine::sqlite
