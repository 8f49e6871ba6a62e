// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How large the views of a database are, written out. Kept until the schema is another.

#pragma once

#include "statement_size.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace dbengine::detail {

/// One per connection, and of its thread. Must end before the connection does.
class view_sizes {
public:
  explicit view_sizes(sqlite3* db) noexcept : db_(db) {}
  ~view_sizes();
  view_sizes(const view_sizes&) = delete;
  view_sizes& operator=(const view_sizes&) = delete;

  /// Looks at the schema where something was committed since: 20 ns where nothing was, 1 us where it was no view. What keeps the schema
  /// from being read keeps a statement from being prepared as well, and is told there: until then there are no views.
  bool any() noexcept;
  /// Nothing for what is no view, as of the last look. The name is in lower case.
  extent of(const std::string& name) { return size_of(name); }
  /// Of the largest view there would be if this statement, a CREATE VIEW, were run: views may have been made before those they name.
  extent largest_with(const std::string& name, std::string_view create_view);

private:
  struct view {
    std::string text;
    extent size{};
    enum class state : std::uint8_t { unknown, under_way, known } is = state::unknown;
  };

  bool load();
  void forget() noexcept;
  extent size_of(const std::string& name);

  sqlite3* db_;
  sqlite3_stmt* version_ = nullptr;
  std::uint32_t commits_ = 0; // what the pager counts
  std::int64_t schema_version_ = -1;
  std::size_t depth_ = 0;
  std::map<std::string, view> views_;
};

} // namespace dbengine::detail
