// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// What the guard counts: each connection's end by its reason, each dropped frame by its reason.
// Written by the middleman's thread and read by any thread at any time. The gateway's thread lowers
// `in_flight` and `in_flight_bytes`, too, when it has seen the requests of a peer that is gone.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dbengine::actors::guard {

/// Why a connection ended.
enum class close_reason : std::uint8_t {
  peer_closed,       ///< the peer closed the connection, or its machine failed
  handshake_timeout, ///< no handshake within `limits::handshake_timeout`
  handshake_invalid, ///< the first frame was not the client handshake of BASP version 3
  half_open_evicted, ///< too many peers without a handshake: the oldest is closed
  frame_too_large,   ///< a header announced more than `limits::max_frame_bytes`
  frame_timeout,     ///< a frame stayed incomplete for `limits::frame_timeout`
  malformed_header,  ///< a header that no CAF 0.17 peer writes
  malformed_payload, ///< a payload that is not the announced type's
  forbidden,         ///< a frame that may be good BASP but that no client of a gateway sends
  unread_output,     ///< more than `limits::max_unread_output_bytes` of answers wait for the peer
  stalled_output,    ///< answers wait and the peer read nothing for `limits::stall_timeout`
  memory,            ///< the memory bound of the listener for all its peers was exhausted
  tls_failed,        ///< no TLS session: wrong certificate, version or bytes
  tls_required,      ///< a peer without TLS on a TLS port
  tls_unexpected,    ///< a peer with TLS on a port without it
  broker_closed,     ///< CAF closed it: missing heartbeats, or the middleman stops
  listener_closed,   ///< `listener::close`
  io_failed,         ///< the socket failed
  count_
};

/// Why a frame was dropped while its connection stayed open.
enum class drop_reason : std::uint8_t {
  named_receiver,    ///< to a registry name (each stock client tries "SpawnServ" once)
  other_actor,       ///< to an actor that this port does not publish
  not_a_request,     ///< an asynchronous message: exits, links and sends
  unlisted_type,     ///< a message of a type that is not listed
  too_many_requests, ///< `limits::max_in_flight_requests` reached
  too_many_bytes,    ///< `limits::max_in_flight_bytes` reached
  outgoing, ///< an outgoing frame that no peer needs: spawn requests, monitors, late answers
  count_
};

/// Whether the peer, or the bytes it sent, caused the end.
constexpr bool is_fault(close_reason why) {
  return why != close_reason::peer_closed && why != close_reason::broker_closed &&
         why != close_reason::listener_closed && why != close_reason::count_;
}

/// Returns the enumerator's name.
std::string_view to_string(close_reason reason);
std::string_view to_string(drop_reason reason);

template <class Reason>
using tally = std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(Reason::count_)>;

/// All counters of one listener, since it was opened.
struct counters {
  std::atomic<std::uint64_t> accepted{0};        ///< connections that got a peer object
  std::atomic<std::uint64_t> refused{0};         ///< connections beyond `limits::max_connections`
  std::atomic<std::uint64_t> handshakes{0};      ///< connections that completed their handshake
  std::atomic<std::uint64_t> frames{0};          ///< complete frames from peers, good and bad
  std::atomic<std::uint64_t> requests{0};        ///< requests that reached the gateway
  std::atomic<std::uint64_t> answers{0};         ///< answers of the gateway that left
  std::atomic<std::int64_t> connections{0};      ///< open now
  std::atomic<std::int64_t> half_open{0};        ///< of these, without a handshake yet
  std::atomic<std::int64_t> buffered{0};         ///< bytes held now for all peers, in and out
  std::atomic<std::uint64_t> in_flight{0};       ///< unanswered requests of all peers
  std::atomic<std::uint64_t> in_flight_bytes{0}; ///< the bytes of these requests
  tally<close_reason> closed{};
  tally<drop_reason> dropped{};

  void count(close_reason reason) { ++closed[static_cast<std::size_t>(reason)]; }
  void count(drop_reason reason) { ++dropped[static_cast<std::size_t>(reason)]; }
  std::uint64_t of(close_reason reason) const { return closed[static_cast<std::size_t>(reason)]; }
  std::uint64_t of(drop_reason reason) const { return dropped[static_cast<std::size_t>(reason)]; }
};

} // namespace dbengine::actors::guard
