// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Requests as data that an engine and plain SQLite both run, and their answers as text that can be
// compared.
// Thread safety: plain data.

#pragma once

#include <dbengine/results.hpp>

#include <random>
#include <string>
#include <vector>

namespace dbengine::test {

struct work {
  enum class kind {
    execute,
    fetch,
    batch,       ///< the first operation's statement, once for each of `sets`
    transaction, ///< all operations
    script,      ///< all or nothing
    script_each, ///< continue on error
    /// The operations; those from the second to the last but one run in a savepoint whose failure
    /// is caught.
    nested
  };

  int id = 0;
  kind what = kind::execute;
  std::vector<operation> operations;
  std::vector<params> sets;
  /// The deadline is short and the statement endless: only "timeout" is right.
  bool endless = false;
  /// The engine's rules refuse the request before it runs, whatever the database holds.
  bool forbidden = false;
  /// The request only reads.
  bool reads = false;
  /// The id of an exactly-once request; empty: none. The same request may be sent again under its
  /// id.
  std::string key = {};
};

/// Answers as text: results with every value, failures with SQLite's code and message.
std::string text_of(const rows& r);
std::string text_of(const write_result& w);
std::string text_of(const batch_result& b);
std::string text_of(const std::vector<operation_result>& r);
std::string text_of(const script_result& s);
std::string text_of(const error_info& e);

/// The schema that `random_work` is written for.
extern const char* const work_schema;

/// A random request that does anything the schema allows: succeed, violate a constraint, end its
/// transaction, be malformed. Every change of the database calls the SQL function `tick(id)`.
work random_work(int id, std::mt19937& random);

/// The condition on `sqlite_schema` for what a dump shows. Left out are SQLite's own tables (a
/// close may fill the planner's statistics) and the records of ids. Left out are also the shadow
/// tables of full text, which depend on where commits were.
extern const char* const shown_in_dumps;

/// One statement that shows all tables of `work_schema`.
extern const char* const work_fingerprint;

} // namespace dbengine::test
