// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The one message in each direction between a client and a published engine, and the contents of
// its body.
// Thread safety: plain data. The guard checks the three members; the body is untrusted bytes until
// it was decoded.

#pragma once

#include "system/request_routes.hpp"

#include <dbengine/actors/messages.hpp>

#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <string>

namespace dbengine::actors::remote {

/// The version of this file, of `wire_kind` and of the messages' fields. Peers of different
/// versions refuse each other.
inline constexpr std::uint32_t wire_protocol = 3;

using system::wire_kind;

/// The contents of a `wire_answer`.
enum class wire_outcome : std::uint8_t {
  result,  ///< the whole result
  failure, ///< error_info
  part,    ///< the size of the whole result (64 bits), its next bytes; `more` gets the next part
  needs_writer ///< the fetch would write and may not: nothing was run; resend with permission
};

struct wire_request {
  std::uint8_t kind = 0;
  /// Chosen by the client, unique among its requests.
  std::uint64_t id = 0;
  std::string body;
};

struct wire_answer {
  std::uint8_t outcome = 0;
  std::uint64_t id = 0;
  std::string body;
};

/// A server's greeting.
struct wire_welcome {
  std::uint32_t protocol = wire_protocol;
  std::string version = {};
  bool read_only = false;
  std::uint64_t max_frame_bytes = 0;
  std::uint64_t max_requests = 0;
  std::uint64_t max_bytes = 0;
};

void describe(auto& a, wire_welcome& x) {
  a(x.protocol, x.version, x.read_only, x.max_frame_bytes, x.max_requests, x.max_bytes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, wire_request& x) {
  return f(x.kind, x.id, x.body);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, wire_answer& x) {
  return f(x.outcome, x.id, x.body);
}

/// Serves the peers of one port.
using gateway_actor = caf::typed_actor<
    // Any request of a peer; always answered, with the error in the answer.
    caf::replies_to<wire_request>::with<wire_answer>>;

} // namespace dbengine::actors::remote

namespace dbengine::actors {

// CAF sends the names below over the wire; they are part of the protocol.
using remote::wire_answer;
using remote::wire_request;

} // namespace dbengine::actors

CAF_BEGIN_TYPE_ID_BLOCK(dbengine_wire, caf::first_custom_type_id + 880)
CAF_ADD_TYPE_ID(dbengine_wire, (dbengine::actors::wire_request))
CAF_ADD_TYPE_ID(dbengine_wire, (dbengine::actors::wire_answer))
CAF_END_TYPE_ID_BLOCK(dbengine_wire)
