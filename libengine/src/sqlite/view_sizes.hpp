// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How large the views of a database are, written out. Kept until the schema is another.

#pragma once

#include "sqlite/statement_size.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace dbengine::sqlite {

/// One per connection, and of its thread. Must end before the connection does.
class view_sizes {
public:
  explicit view_sizes(sqlite3* db) noexcept : db_(db) {}
  ~view_sizes();
  view_sizes(const view_sizes&) = delete;
  view_sizes& operator=(const view_sizes&) = delete;

  /// Looks at the schema where something was committed since, or `changed` says that the open transaction has changed it: 20 ns where not,
  /// 1 us where it was no view. An SQLite code; where that is an error, SQLite may have rolled back the open transaction.
  int refresh(bool changed);
  /// As of the last look.
  bool has_views() const noexcept { return !views_.empty(); }
  /// Nothing for what is no view. The name is in lower case.
  extent of(const std::string& name) { return size_of(name, 0); }
  /// After a look: of the largest view there would be if this statement, a CREATE VIEW, were run: views may have been made before those they name.
  extent largest_with(const std::string& name, std::string_view create_view);

private:
  struct view {
    std::string text;
    extent size{};
    enum class state : std::uint8_t { unknown, under_way, known } is = state::unknown;
  };

  int load();
  extent size_of(const std::string& name, std::size_t depth);

  sqlite3* db_;
  sqlite3_stmt* version_ = nullptr;
  std::uint32_t commits_ = 0; // what the pager counts
  std::int64_t schema_version_ = -1;
  std::map<std::string, view> views_;
};

} // namespace dbengine::sqlite
