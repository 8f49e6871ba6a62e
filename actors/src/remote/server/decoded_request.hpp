// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The body of a peer's request that carries statements, decoded. Such requests may be large.
// Thread safety: plain functions.

#pragma once

#include "remote/protocol/wire_message.hpp"

#include <chrono>
#include <string_view>
#include <type_traits>
#include <variant>

namespace dbengine::actors::remote {

namespace statements {

template <class... Requests>
struct list {};

template <class... Found>
auto choose(list<Found...>, system::request_table<>) {
  return std::type_identity<std::variant<Found...>>();
}
template <class... Found, class Row, class... Rows>
auto choose(list<Found...>, system::request_table<Row, Rows...>) {
  if constexpr (Row::rule.statements)
    return choose(list<Found..., typename Row::request>(), system::request_table<Rows...>());
  else
    return choose(list<Found...>(), system::request_table<Rows...>());
}

/// One of the requests whose rows carry statements.
using any = typename decltype(choose(list<>(), system::request_routes()))::type;

} // namespace statements

struct decoded_request {
  std::chrono::milliseconds timeout{0};
  statements::any what;
  /// Whether a fetch may write.
  bool may_write = false;
};

/// Whether `decode_request` reads requests of this kind.
bool carries_statements(wire_kind k) noexcept;

/// Throws `errc::protocol` if the body is not exactly such a request, has more parameters than
/// SQLite accepts, or would take more memory than `defaults::wire_decoded_bytes`.
/// `large`: decoding may take long, and yields the processor to other threads.
decoded_request decode_request(wire_kind k, std::string_view body, bool large = false);

/// The maximum number of parameters of a statement in the loaded SQLite.
std::size_t max_parameters() noexcept;

} // namespace dbengine::actors::remote
