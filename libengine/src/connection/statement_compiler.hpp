// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Prepares statements and records the facts that the connection needs about each.
// Thread safety: the connection's user.

#pragma once

#include "connection/connection_parts.hpp"
#include "sqlite/statement_cache.hpp"
#include "sqlite/view_sizes.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

struct sqlite3;

namespace dbengine::sqlite {

class transaction_statements;

/// Throws if the text has a NUL byte: SQLite would ignore the text after it.
void throw_if_nul(std::string_view sql);

/// The compiler of one connection. Owns the cache of the sizes of the schema's views.
class statement_compiler {
public:
  statement_compiler(const connection_parts& p, const transaction_statements& t) noexcept
      : p_(p), transactions_(&t) {}

  void set_database(sqlite3* db) noexcept { db_ = db; }
  /// Finalizes the compiler's own statements.
  void finalize() noexcept { views_.reset(); }

  /// Prepares the first statement of the text; null if there is only space or comment. `consumed`:
  /// the length of its text. `terminated`: a NUL byte follows the text, and none is inside it.
  /// Throws `error`.
  std::unique_ptr<prepared> compile(std::string_view sql, std::size_t* consumed,
                                    bool terminated = false);
  /// Determines the facts again after a schema change: SQLite has prepared the statement again by
  /// itself, and the previous facts may be wrong. Throws `error`.
  void refresh_facts(prepared& p);
  /// Reads the names of the result's columns if SQLite prepared the statement again.
  void refresh_columns(prepared& p);

  /// Drops the engine's own snapshot between two statements, so that the next one sees the newest
  /// schema. A caller's transaction is unchanged.
  void drop_stale_snapshot() noexcept;

private:
  void prepare_at(prepared& p, std::string_view sql, std::size_t at, bool terminated,
                  std::size_t& end);
  int prepare_once(prepared& p, std::string_view rest, bool terminated, const char** tail) noexcept;
  void record_facts(prepared& p);
  view_sizes& views();
  void check_copies(std::string_view sql, std::size_t offset);
  void check_new_view(std::string_view create_view);
  void force_schema_check() noexcept;
  [[noreturn]] void throw_failure(int rc, std::size_t offset);

  const connection_parts p_;
  const transaction_statements* transactions_;
  sqlite3* db_ = nullptr;
  std::optional<view_sizes> views_; // constructed when a statement is compiled
};

} // namespace dbengine::sqlite
