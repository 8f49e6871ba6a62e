// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// One connection's rules: which frames of the peer reach CAF's broker, which of the broker's frames
// reach the peer, and under which names. This file uses no CAF, no sockets and no clock. Used by
// one thread.
#pragma once

#include "guard/counters.hpp"
#include "guard/frame.hpp"
#include "guard/limits.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace dbengine::actors::guard {

/// What all connections of one listener share.
struct identity {
  /// This process, as CAF knows it.
  node_bytes real_node;
  /// This listener, as its peers see it: each listener is a separate node, so that one client can
  /// use two ports of this process (CAF would close the second connection as redundant).
  node_bytes shown_node;
  /// The one actor that can be reached.
  std::uint64_t gateway = 0;
  /// The messages that the gateway accepts.
  std::vector<wire_type> requests;
  /// Serialized answers (forwarding stack and content) for requests that do not reach the gateway.
  std::vector<char> overloaded;
  std::vector<char> unreachable;
  std::vector<char> unexpected;
};

/// Translates between one peer and the broker.
///
/// The only bytes of the peer that the broker sees are the members of listed messages: each frame's
/// header is written again. The peer appears as one node (of a fixed set: CAF keeps every node it
/// has seen) with one actor, whatever node and actors it claims. Its request ids are replaced by
/// the guard's. So a peer cannot take another's name and cannot fill CAF's tables, and an answer
/// finds its request in a table of bounded size.
class translator {
public:
  /// `assigned` and `actor`: the node and the actor as which the broker knows this peer.
  translator(const identity& shared, const limits& bounds, counters& stats,
             const node_bytes& assigned, std::uint64_t actor)
      : shared_(shared), bounds_(bounds), stats_(stats), assigned_(assigned), actor_(actor) {}
  ~translator();
  translator(const translator&) = delete;
  translator& operator=(const translator&) = delete;

  /// The action for a frame.
  enum class action {
    feed, ///< keep it (header) or give it to the broker (frame)
    skip, ///< read past its payload
    close ///< close the connection for `why()`
  };

  /// Judges a header before any byte of its payload is stored.
  action on_header(const header& head);

  /// Judges the complete frame of a header that was to be fed, and rewrites it in place. `aside`:
  /// its bytes that go past the broker.
  action on_frame(std::span<char> frame, std::size_t aside = 0);

  /// The number of the last message fed, as a request to the gateway.
  std::uint64_t last_request() const { return last_id_ & request_mask; }

  /// Rewrites the broker's frames for the peer in place and removes those that are not for the
  /// peer. `frames` holds complete frames only.
  void on_output(std::vector<char>& frames);

  /// Answers of the guard itself; the caller sends and clears them.
  std::vector<char>& replies() { return replies_; }

  close_reason why() const { return why_; }
  bool shaken() const { return shaken_; }
  std::size_t in_flight() const { return in_flight_.size(); }
  std::size_t in_flight_bytes() const { return in_flight_bytes_; }
  /// From now on the caller counts the peer's requests.
  void disown_in_flight();

private:
  struct pending {
    std::uint64_t source;
    std::uint64_t id;
    std::size_t bytes;
  };

  action close(close_reason why);
  action drop(drop_reason why, const header& head, const std::vector<char>& answer);
  action judge_handshake(const header& head);
  action judge_message(const header& head);
  bool pass_output(std::span<char> frame, header head);

  const identity& shared_;
  const limits& bounds_;
  counters& stats_;
  node_bytes assigned_;
  node_bytes claimed_{};
  std::uint64_t actor_;
  std::uint64_t last_id_ = 0;
  std::size_t in_flight_bytes_ = 0;
  std::unordered_map<std::uint64_t, pending> in_flight_;
  std::vector<char> replies_;
  close_reason why_ = close_reason::peer_closed;
  bool shaken_ = false;
  bool selected_ = false;
};

} // namespace dbengine::actors::guard
