// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The HTTP/1 protocol of one connection, on bytes: without sockets and clocks.
#pragma once

#include "serve/http/message.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace dbengine::app::serve::http {

/// Enough for the request line and headers of any ordinary client.
inline constexpr std::size_t most_head_bytes = 16 * 1024;
inline constexpr std::size_t most_fields = 64;

/// A parser of the one request that a connection carries.
/// Bytes after the head are never read as a request, so no request can be smuggled in a body. Heads
/// that two readers could interpret differently are refused as well:
/// - lines that do not end in CRLF, and folded fields;
/// - a second Host, Content-Length, Transfer-Encoding or Authorization;
/// - a length that is not a plain number, and both ways to give a length at once;
/// - any Transfer-Encoding except `chunked`.
/// Thread safety: one thread.
class connection {
public:
  /// Nothing yet, a request, or the refusal: 400, 431.
  using outcome = std::variant<std::monostate, request, answer>;

  /// Consumes received bytes. After the first outcome it consumes nothing more.
  const outcome& consume(std::string_view bytes);
  /// Whether any byte has been received.
  bool begun() const noexcept { return !head_.empty(); }

private:
  outcome refuse_line(std::string_view line);
  outcome read_head() const;

  std::string head_;     // never longer than `most_head_bytes`
  std::size_t line_ = 0; // the start of the line that is still incomplete
  std::size_t lines_ = 0;
  outcome outcome_;
};

/// The bytes of an answer. Every answer closes its connection.
std::string wire(const answer& a, bool with_body);

} // namespace dbengine::app::serve::http
