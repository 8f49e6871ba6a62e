// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Prepared statements of one connection, found by their text without an allocation.
// Thread safety: the connection's user. Ownership: owns the statements; they are finalized before
// the connection closes.

#pragma once

#include <dbengine/rows.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

struct sqlite3_stmt;

namespace dbengine::sqlite {

/// A prepared statement and the facts about it.
struct prepared {
  std::string sql;
  sqlite3_stmt* stmt = nullptr;
  int parameter_count = 0;
  int column_count = 0;

  // -- facts, explained at the functions of `authorizer` with these names -------------------------

  /// The statement changes nothing, by SQLite's own answer.
  bool read_only = true;
  bool writes = false;
  /// DDL. sqlite3_changes() is 0; total_changes() can still grow, because full-text search flushes
  /// the index writes of earlier statements of the transaction.
  bool is_ddl = false;
  bool inserts = false;
  bool uses_last_rowid = false;
  bool uses_change_counts = false;
  bool dml_only = false;
  /// Every connection returns the same, at a cost that grows only with the steps and bytes.
  bool connection_independent = false;
  /// The statement answers from the schema in memory, or is an EXPLAIN. It is compiled again for
  /// each run, after a check of the file.
  bool reads_schema = false;
  bool changes_statistics = false;
  bool may_change_statistics = false;
  /// A reader may not run the statement; `stmt` is null then.
  bool needs_writer = false;
  /// The connection's schema version when the facts were found.
  std::uint32_t schema_version = 0;

  bool in_use = false;

  // -- cost, see `record_cost` --------------------------------------------------------------------

  /// The maximum steps and bytes of a run on this connection.
  int max_steps = 0;
  std::size_t max_bytes = 0;
  /// The number of runs; stops counting early.
  unsigned runs = 0;
  /// Runs since SQLite's counter was last read, with `steps_at_sample` as its value.
  unsigned runs_since_sample = 0;
  int steps_at_sample = 0;
  /// Size of the last result.
  std::size_t last_cells = 0;
  std::size_t last_text = 0;

  // -- names --------------------------------------------------------------------------------------

  /// Names of the result's columns. Read again after SQLite prepared the statement again (schema
  /// change).
  std::shared_ptr<const detail::column_names> columns;
  int reprepares = 0;
  /// Names of the parameters by index - 1, with their prefix; empty for `?`. Filled on first named
  /// use.
  std::vector<std::string> parameter_names;

  // -- several rows, see `batched_insert` ---------------------------------------------------------

  /// The same insert with `row_count` rows behind VALUES; null if it must run row by row.
  std::unique_ptr<prepared> multi_row;
  std::size_t row_count = 1;
  /// The schema version when `multi_row` was made.
  std::optional<std::uint32_t> multi_row_version;

  prepared() = default;
  prepared(const prepared&) = delete;
  prepared& operator=(const prepared&) = delete;
  ~prepared();
};

/// Evicts the least recently used statement first; never one in use.
class statement_cache {
public:
  explicit statement_cache(std::size_t capacity) : capacity_(capacity) {}

  /// The statement of this text if it is cached and not in use; otherwise null.
  prepared* find(std::string_view sql);
  /// The same without using the statement: it is neither counted nor moved to the front.
  const prepared* peek(std::string_view sql) const noexcept;
  /// Inserts a statement and returns it. If its text is cached already (and in use) or too long,
  /// the statement stays outside the index and `release` drops it.
  prepared* insert(std::unique_ptr<prepared> p);
  /// Ends the use of a statement: resets it, and drops it if it is outside the index.
  void release(prepared* p) noexcept;
  void erase(prepared* p) noexcept;
  void clear() noexcept;

  std::uint64_t hits() const noexcept { return hits_; }
  std::uint64_t misses() const noexcept { return misses_; }
  std::size_t size() const noexcept { return index_.size(); }

private:
  using entries = std::list<std::unique_ptr<prepared>>;
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept {
      return std::hash<std::string_view>{}(s);
    }
  };

  std::size_t capacity_;
  entries lru_;   // front: most recently used
  entries loose_; // in use and outside the index
  // Keys point into the entries' own text, which does not move.
  std::unordered_map<std::string_view, entries::iterator, hash, std::equal_to<>> index_;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

/// A statement of the cache while it is used. Reset when the use ends, on every path.
class statement_use {
public:
  statement_use(statement_cache& c, prepared* p) noexcept : cache_(&c), p_(p) { p->in_use = true; }
  ~statement_use() { cache_->release(p_); }
  statement_use(const statement_use&) = delete;
  statement_use& operator=(const statement_use&) = delete;
  prepared& operator*() const noexcept { return *p_; }
  prepared* operator->() const noexcept { return p_; }

private:
  statement_cache* cache_;
  prepared* p_;
};

} // namespace dbengine::sqlite
