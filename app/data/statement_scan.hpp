// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Where statements end in a text that comes piece by piece, by the rules of `sqlite3_complete`, which would have to read all of it again
// for each piece.

#pragma once

#include <cstdint>
#include <string_view>

namespace dbengine::app {

/// Behind the space at `at`, if any. To SQLite's tokenizer a vertical tab is space within a run of it and no token at its beginning.
std::size_t behind_space(std::string_view sql, std::size_t at) noexcept;

/// Reads each byte once. A piece ends behind a line, or where the text does. One thread.
class statement_scan {
public:
  /// Reads on. The position in `piece` behind the semicolon that ends the first statement which is complete there; `npos` where
  /// none is, and the whole piece was read.
  std::size_t to_end(std::string_view piece) noexcept;
  /// Reads all of the piece. True where what was read so far ends with a complete statement.
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

  token take(std::string_view piece, std::size_t& at) noexcept;
  token close(std::string_view piece, std::size_t& at) noexcept;
  void move(token t) noexcept;

  state state_ = state::nothing;
  char open_ =
      0; // what ends the string or comment that goes on: a quote, `]`, a line's end, `*` for a comment of the other kind
};

} // namespace dbengine::app
