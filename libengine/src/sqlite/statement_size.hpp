// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How large a statement is for SQLite, which puts a copy of a common table expression or view wherever its name stands in a FROM, and
// copies what the copy names in turn: 500 bytes can take gigabytes, and a long chain the thread's stack. It does so while it
// prepares, and before version 3.41 without a look at the deadline.

#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace dbengine::sqlite {

/// Of a statement or view whose common table expressions and views are written out.
struct extent {
  std::size_t tokens = 0;
  std::size_t height = 0; ///< of copies within copies
};

/// Stands for "too much": nothing is counted further. 500 copies within one another take SQLite 0.4 MB of stack.
inline constexpr extent most_extent{std::size_t{1} << 40, 500};

/// What a name stands for that is no common table expression of the statement: nothing for a table. In lower case, without quotes.
using extent_of_name = std::function<extent(const std::string&)>;

struct statement_size {
  std::size_t as_it_stands = 0; ///< tokens
  extent written_out;

  /// A token of a copy takes SQLite 40 to 300 bytes and up to 0.75 us: a small text gets some 70 MB and 0.2 s, a large one, which needs
  /// memory as it stands, four times that.
  bool too_large() const noexcept {
    return written_out.height >= most_extent.height ||
           written_out.tokens > 250'000 + 4 * as_it_stands;
  }
};

/// Of the first statement of the text. An upper bound, by its tokens alone: it need not be valid SQL. Linear in the text; an absurd
/// one is not read to its end.
statement_size size_of_statement(std::string_view sql, const extent_of_name& outside);

} // namespace dbengine::sqlite
