// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Plain SQLite, through its C interface and without the engine: the reference for the engine's
// answers.
// Thread safety: one thread.
// Ownership: owns the connection.

#pragma once

#include "support/engine/work.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;

namespace dbengine::test {

class plain_sqlite {
public:
  /// Opens a file, or a database in memory, with foreign keys on. `tick()` exists and does nothing.
  explicit plain_sqlite(const std::string& file = ":memory:");
  ~plain_sqlite();
  plain_sqlite(const plain_sqlite&) = delete;
  plain_sqlite& operator=(const plain_sqlite&) = delete;

  /// Runs the request alone and returns its answer in the form of the engine's `text_of`.
  std::string run(const work& w);
  /// Called after each statement of a `script_each`, which is not one transaction: other requests
  /// may see the state between statements.
  std::function<void()> between;
  /// Whether the last `run` changed rows or the schema.
  bool changed() const noexcept { return changed_; }
  /// Adopts the ids done by a copy that changed nothing else.
  void remember(const plain_sqlite& copy) { done_ = copy.done_; }
  /// A copy in memory, for trying a request.
  std::unique_ptr<plain_sqlite> copy() const;

  /// Runs several statements; throws `std::runtime_error`.
  void script(const std::string& sql);
  /// The schema and all rows of all tables, in key order.
  std::string dump();
  sqlite3* handle() const noexcept { return db_; }

private:
  std::string statement(const operation& o, std::size_t* consumed = nullptr);
  std::string steps(const work& w);
  std::string run_single(const work& w);
  std::string run_batch(const work& w);
  std::string run_transaction(const work& w);
  std::string run_script(const work& w);
  std::string run_nested(const work& w);
  bool in_transaction() const;
  /// Rolls back; returns the text, which gives the reason.
  std::string undo(std::string text);
  /// Commits; returns the text, or the error of the commit.
  std::string finish(std::string text);

  sqlite3* db_ = nullptr;
  std::map<std::string, std::string> done_; // answers, by the id of the request
  bool changed_ = false;
  bool failed_ = false;  // of the last statement
  bool refused_ = false; // by the rules of parameter binding
};

} // namespace dbengine::test
