// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The size of a statement after SQLite has expanded it.
// Thread safety: any thread.
//
// SQLite copies a common table expression or view for each of its names in a FROM, and then
// everything that the copy names: 500 bytes of SQL can take gigabytes, and a long chain the
// thread's stack. It does so while it prepares the statement, before version 3.41 without a check
// of the deadline.

#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace dbengine::sqlite {

/// The size of a statement or view after the expansion of its common table expressions and views.
struct extent {
  std::size_t tokens = 0;
  std::size_t height = 0; ///< of copies within copies
};

/// Means "too large": counting stops. 500 nested copies take SQLite 0.4 MB of stack.
inline constexpr extent most_extent{std::size_t{1} << 40, 500};

/// Returns the size of the object that a name outside the statement refers to; zero for a table.
/// The name is in lower case, without quotes.
using extent_of_name = std::function<extent(const std::string&)>;

struct statement_size {
  std::size_t as_it_stands = 0; ///< tokens
  extent written_out;

  /// A token of a copy takes SQLite 40 to 300 bytes and up to 0.75 us. A small text may take some
  /// 70 MB and 0.2 s; a large one, which needs memory even without copies, four times that.
  bool too_large() const noexcept {
    return written_out.height >= most_extent.height ||
           written_out.tokens > 250'000 + 4 * as_it_stands;
  }
};

/// The size of the first statement of the text. This is an upper bound, by its tokens alone: the
/// text need not be valid SQL. Linear in the text; stops at `most_extent`.
statement_size size_of_statement(std::string_view sql, const extent_of_name& outside);

} // namespace dbengine::sqlite
