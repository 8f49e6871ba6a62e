// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One request of one peer in the gateway, and the memory of its result.
// Thread safety: the gateway's.

#pragma once

#include "remote/protocol/wire_message.hpp"
#include "system/message_codec.hpp"

#include <caf/actor_addr.hpp>
#include <caf/typed_response_promise.hpp>

#include <string>
#include <type_traits>
#include <utility>

namespace dbengine::actors::remote {

/// One request of one peer.
struct peer_request {
  using promise = caf::typed_response_promise<wire_answer>;

  caf::actor_addr peer;
  std::uint64_t id = 0;
  promise answer;
  bool writes = false;

  void deliver(wire_outcome o, std::string body) {
    answer.deliver(wire_answer{static_cast<std::uint8_t>(o), id, std::move(body)});
  }
  void refuse(const error_info& why) { deliver(wire_outcome::failure, base::encode(why)); }
};

/// The memory of a result, as far as it may be large.
template <class Result>
std::size_t memory_of(const Result& x) {
  std::size_t n = 0;
  if constexpr (std::is_same_v<Result, rows>)
    n = x.memory();
  else if constexpr (std::is_same_v<Result, transaction_result>)
    for (const auto& r : x.results)
      n += r.is_rows() ? r.rows().memory() : 0;
  else if constexpr (std::is_same_v<Result, script_result>)
    for (const auto& s : x.steps)
      n += s.result.memory();
  return n;
}

} // namespace dbengine::actors::remote
