// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Finds the ends of statements in a text that arrives chunk by chunk, by the rules of
// `sqlite3_complete`. That function would have to read the whole text again for each chunk.
#pragma once

#include <cstdint>
#include <string_view>

namespace dbengine::app {

/// The position after the whitespace at `at`, if any. SQLite's tokenizer accepts a vertical tab
/// inside a run of whitespace, but not as its first character.
std::size_t skip_space(std::string_view sql, std::size_t at) noexcept;

/// An incremental scanner that reads each byte once. A chunk ends after a line, or at the end of
/// the text.
/// Thread safety: one thread.
class statement_scanner {
public:
  /// Continues the scan. Returns the position in `piece` after the semicolon that ends the first
  /// complete statement. Returns `npos` if there is none and all of `piece` was read.
  std::size_t to_end(std::string_view piece) noexcept;
  /// Reads all of `piece`. Returns true if the text so far ends with a complete statement.
  bool complete_with(std::string_view piece) noexcept;

private:
  enum class state : std::uint8_t {
    nothing,
    complete,
    normal,
    explained,
    created,
    in_trigger,
    behind_semicolon,
    at_end
  };
  enum class token : std::uint8_t { semicolon, space, other, explain, create, temp, trigger, end };

  token next_token(std::string_view piece, std::size_t& at) noexcept;
  token close(std::string_view piece, std::size_t& at) noexcept;
  void advance(token t) noexcept;

  state state_ = state::nothing;
  char open_ =
      0; // the end of the open string or comment: a quote, `]`, a newline, `*` for a block comment
};

} // namespace dbengine::app
