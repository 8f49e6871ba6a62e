// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The queue of a port's decoder: large requests, and behind each the later requests of its
// connection, because the order of one sender is preserved. The decoder has at most one request of
// each peer, so that peers use it in turns.
// Thread safety: the gateway's thread. Ownership: owns the requests; each is served or refused
// once.

#pragma once

#include "remote/server/decode_job.hpp"
#include "remote/server/gateway_state.hpp"
#include "remote/server/peer_request.hpp"

#include <caf/actor_addr.hpp>

#include <deque>
#include <functional>
#include <map>

namespace dbengine::actors::remote {

class decode_line {
public:
  using self_pointer = local_gateway_actor::stateful_pointer<gateway_state>;
  /// Serves the next request of a connection; it is decoded if it was large, otherwise null. Must
  /// not throw.
  using serve = std::function<void(wire_request&, peer_request&, decoded_request*)>;

  decode_line(self_pointer self, decoder_actor decoder, serve f)
      : self_(self), decoder_(std::move(decoder)), serve_(std::move(f)) {}

  /// Queues a request that must wait. False if it can be served at once. `pieces`: its body, if
  /// that arrived past the broker.
  bool enqueue(wire_request& what, text_pieces& pieces, peer_request& t, std::uint64_t peer);
  /// Whether a request with this id waits here.
  bool has(const caf::actor_addr& who, std::uint64_t id) const;
  /// Refuses the request when its turn comes.
  void cancel(const caf::actor_addr& who, std::uint64_t id);
  /// Refuses the requests of a connection that has ended.
  void remove(const caf::actor_addr& who);

private:
  struct waiting {
    wire_request what;
    text_pieces pieces;
    peer_request whose;
    bool cancelled = false;
  };
  struct connection {
    std::uint64_t peer = 0;
    std::deque<waiting> line; // the first is, or will be, at the decoder
  };
  using place = std::map<caf::actor_addr, connection>::iterator;

  /// Sends the first request to the decoder, or queues it behind the others of its peer.
  void decode(place at);
  void send(place at);
  void decoded(const caf::actor_addr& who, std::uint64_t peer, decode_job& job);
  /// Serves the requests up to the next large one.
  void serve_small(place at);

  self_pointer self_;
  decoder_actor decoder_;
  serve serve_;
  std::map<caf::actor_addr, connection> connections_;
  /// For each peer with a request at the decoder: the connections whose turns follow.
  std::map<std::uint64_t, std::deque<caf::actor_addr>> peers_;
};

} // namespace dbengine::actors::remote
