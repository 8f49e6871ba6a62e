// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Two in-memory databases with the same rows: one has SQLite's functions, the other the engine's.
// Every statement must have the same result in both.
// Thread safety: one thread.

#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace dbengine::test {

/// A function of SQLite that the engine replaces, with its arguments in the cases.
struct replaced_function {
  const char* name;
  int arguments;
};
/// Without `randomblob`: its results are never equal.
const std::vector<replaced_function>& replaced_functions();

class function_cases {
public:
  /// `encoding`: a value for `PRAGMA encoding`.
  function_cases(const std::string& encoding, std::uint64_t seed);
  ~function_cases();
  function_cases(const function_cases&) = delete;
  function_cases& operator=(const function_cases&) = delete;

  /// Inserts new random rows and calls the function on each of them: with columns, constants,
  /// parameters and expressions in every position. Returns the number of calls.
  std::size_t calls(const replaced_function& f);
  /// The same with constants in the text of the statement.
  std::size_t constants(const replaced_function& f);
  /// Rows with a stored generated column and an expression index, made by the engine's function,
  /// which SQLite's check must find correct; and the other way round.
  std::size_t stored(const replaced_function& f);

  /// The differences, in words; at most ten.
  const std::vector<std::string>& differences() const noexcept { return differences_; }
  std::size_t different() const noexcept { return different_; }

private:
  struct side {
    sqlite3* db = nullptr;
  };

  void fill();
  void compare(const std::string& sql);
  std::string literal();
  void difference(std::string what);
  void check_elsewhere(const side& made, const side& checks, const std::string& expression,
                       const std::vector<std::string>& rows);

  std::mt19937_64 random_;
  side stock_;
  side own_;
  std::vector<std::string> differences_;
  std::size_t different_ = 0;
};

} // namespace dbengine::test
