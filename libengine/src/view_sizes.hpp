// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How large the views of a database are, written out. Loaded where a statement names a view, kept until the schema is another.

#pragma once

#include "statement_size.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

struct sqlite3;

namespace dbengine::detail {

/// One per connection, and of its thread. Throws `error` where the schema cannot be read.
class view_sizes {
public:
  explicit view_sizes(sqlite3* db) noexcept : db_(db) {}

  /// Nothing for what is no view. The name is in lower case.
  extent of(const std::string& name);
  /// Of the largest view there would be if this statement, a CREATE VIEW, were run: views may have been made before those they name.
  extent largest_with(const std::string& name, std::string_view create_view);

private:
  struct view {
    std::string text;
    extent size{};
    enum class state : std::uint8_t { unknown, under_way, known } is = state::unknown;
  };

  void load();
  extent size_of(const std::string& name);

  sqlite3* db_;
  std::int64_t schema_version_ = -1;
  std::size_t depth_ = 0;
  std::map<std::string, view> views_;
};

} // namespace dbengine::detail
