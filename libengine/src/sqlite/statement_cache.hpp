// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Prepared statements of one connection, found by their text without allocating.
// Thread rule: belongs to its connection. Ownership: owns the statements; they are gone before the connection closes.

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

/// A prepared statement and what is known of it.
struct prepared {
  std::string sql;
  sqlite3_stmt* stmt = nullptr;
  int parameter_count = 0;
  int column_count = 0;
  /// SQLite's own word that it changes nothing.
  bool read_only = true;
  bool writes = false;
  /// It changes the schema. SQLite counts no changed rows for it; where its sum moves, full text wrote down what an earlier statement
  /// of the transaction left to it.
  bool is_ddl = false;
  bool inserts = false;
  /// It, or a trigger that it fires, calls last_insert_rowid().
  bool uses_last_rowid = false;
  /// It, or a view or trigger of it, calls last_insert_rowid(), changes() or total_changes().
  bool uses_change_counts = false;
  /// It only reads and changes rows: no schema, no setting, nothing that needs the connection to itself.
  bool dml_only = false;
  /// Any connection gives the same answer, at a cost that grows with the steps and bytes only.
  bool connection_independent = false;
  /// The most steps and bytes that a run of it took on this connection (`connection::measure`). `runs` stops counting early;
  /// `runs_since` counts from the last look at SQLite's own counter, which said `steps_before`.
  int steps_at_sample = 0;
  unsigned runs_since_sample = 0;
  int max_steps = 0;
  std::size_t max_bytes = 0;
  unsigned runs = 0;
  /// It answers from the schema in memory, or is an EXPLAIN: compiled anew for each run, after a look at the file.
  bool reads_schema = false;
  /// It changes, or may change, the planner's statistics.
  bool changes_statistics = false;
  bool may_change_statistics = false;
  /// Size of its last result.
  std::size_t last_cells = 0;
  std::size_t last_text = 0;
  /// A reader may not run it; there is no `stmt` then.
  bool needs_writer = false;
  bool in_use = false;
  /// The connection's schema counter when this was found out.
  std::uint32_t schema_version = 0;
  /// Names of the result's columns, renewed when SQLite prepared the statement anew (schema change).
  std::shared_ptr<const detail::column_names> columns;
  int reprepares = 0;
  /// Names of the parameters by index - 1, with their prefix; empty for `?`. Filled on first named use.
  std::vector<std::string> parameter_names;
  /// The same insert with `rows` rows behind VALUES, where that is the same as running it for each (`connection::rows_form`).
  std::unique_ptr<prepared> multi_row;
  std::size_t row_count = 1;
  /// The schema counter when that was found out.
  std::optional<std::uint32_t> multi_row_version;

  prepared() = default;
  prepared(const prepared&) = delete;
  prepared& operator=(const prepared&) = delete;
  ~prepared();
};

/// Least recently used goes first. A statement in use is never evicted.
class statement_cache {
public:
  explicit statement_cache(std::size_t capacity) : capacity_(capacity) {}

  /// The statement of this text where it is there and not in use, else null.
  prepared* find(std::string_view sql);
  /// The same without using it: neither counted nor moved to the front.
  const prepared* peek(std::string_view sql) const noexcept;
  /// Takes a new one in; returns it. Where its text is there already (in use), it is kept outside
  /// the index and dropped by `release`.
  prepared* insert(std::unique_ptr<prepared> p);
  /// Ends the use of a statement: reset, and dropped where it is not to be kept.
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
  entries loose_; // in use and not to be kept
  // Keys point into the entries' own text, which does not move.
  std::unordered_map<std::string_view, entries::iterator, hash, std::equal_to<>> index_;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

} // namespace dbengine::sqlite
