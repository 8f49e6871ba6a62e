// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// HTTP/1 of one connection, as bytes: it knows no socket and no clock.
#pragma once

#include "serve/http/message.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace dbengine::app::serve::http {

/// A request line and headers of any sane client.
inline constexpr std::size_t most_head_bytes = 16 * 1024;
inline constexpr std::size_t most_fields = 64;

/// Reads the head of the one request that a connection has. What follows is never read as a request, so that nothing can be smuggled
/// in a body; what would let two readers see two different requests is refused all the same:
/// lines that do not end in CRLF, folded fields, a second Host, Content-Length, Transfer-Encoding or Authorization, lengths that are no
/// plain number, both ways to say a length at once, any Transfer-Encoding but `chunked`.
/// Thread rule: one thread.
class connection {
public:
  /// Nothing yet, a request, or why it is refused: 400, 431.
  using outcome = std::variant<std::monostate, request, answer>;

  /// Takes what has come. After the first outcome it takes nothing more.
  const outcome& take(std::string_view bytes);
  /// Whether a byte has come.
  bool begun() const noexcept { return !head_.empty(); }

private:
  outcome refuse_line(std::string_view line);
  outcome read_head() const;

  std::string head_;     // never longer than `most_head_bytes`
  std::size_t line_ = 0; // where the line begins that has no end yet
  std::size_t lines_ = 0;
  outcome outcome_;
};

/// What an answer is on the wire. Every answer ends its connection.
std::string wire(const answer& a, bool with_body);

} // namespace dbengine::app::serve::http
