// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Two databases in memory with the same rows: in one the functions are SQLite's, in the other the
// engine's own. Whatever is asked of both must have one answer.
// Thread safety: one thread.

#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace dbengine::test {

/// A function of SQLite that the engine replaces, as the cases call it.
struct replaced_function {
  const char* name;
  int arguments;
};
/// `randomblob` is not among them: there are no two equal answers.
const std::vector<replaced_function>& replaced_functions();

class function_cases {
public:
  /// `encoding`: what `PRAGMA encoding` takes.
  function_cases(const std::string& encoding, std::uint64_t seed);
  ~function_cases();
  function_cases(const function_cases&) = delete;
  function_cases& operator=(const function_cases&) = delete;

  /// New random rows and one statement that calls the function on each of them: with columns,
  /// constants, parameters and expressions in every place. Returns the number of calls.
  std::size_t calls(const replaced_function& f);
  /// The same with constants in the text of the statement.
  std::size_t constants(const replaced_function& f);
  /// Rows with a stored generated column and an expression index made by the engine's function,
  /// which SQLite's own check must find sound, and the other way round.
  std::size_t stored(const replaced_function& f);

  /// What differed, in words; at most ten.
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
