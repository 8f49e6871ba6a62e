// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// SQLite as it is, through its C interface and nothing of the engine: what the engine's answers are
// compared with.
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
  /// A file, or a database in memory. With foreign keys; `tick()` is known and does nothing.
  explicit plain_sqlite(const std::string& file = ":memory:");
  ~plain_sqlite();
  plain_sqlite(const plain_sqlite&) = delete;
  plain_sqlite& operator=(const plain_sqlite&) = delete;

  /// Runs the request by itself and gives its answer as the engine's `text_of` has it.
  std::string run(const work& w);
  /// Called after each statement of a `script_each`, which is no one transaction: what others may
  /// see in its middle.
  std::function<void()> between;
  /// Whether the last `run` changed rows or the schema.
  bool changed() const noexcept { return changed_; }
  /// Takes over which ids were done on a copy that changed nothing else.
  void remember(const plain_sqlite& copy) { done_ = copy.done_; }
  /// A copy in memory, to try something on.
  std::unique_ptr<plain_sqlite> copy() const;

  /// Runs several statements; throws `std::runtime_error`.
  void script(const std::string& sql);
  /// The schema and all rows of all tables, in the order of their keys.
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
  /// Rolls back; gives the text, which says why.
  std::string undo(std::string text);
  /// Commits; gives the text, or the error of the commit.
  std::string finish(std::string text);

  sqlite3* db_ = nullptr;
  std::map<std::string, std::string> done_; // answers by the ids of requests
  bool changed_ = false;
  bool failed_ = false;  // of the last statement
  bool refused_ = false; // by the rules of binding
};

} // namespace dbengine::test
