// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The client's side of one connection: what is under way, what waits, and what becomes of it when the connection is lost.
// It is the actor that the server answers; it runs in the senders' threads, the middleman's and the keeper's.
//
// Thread rule: any thread. Ownership: shared by the handle or facade that uses it and by its keeper; `close` parts them.
//
// Why no event-based actor between? It would add a scheduled hop to each way, as much again as the whole round trip.

#pragma once

#include "remote/client/dial.hpp"
#include "remote/client/remote_call.hpp"
#include "remote/client/wire_window.hpp"

#include <dbengine/actors/handles.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/monitorable_actor.hpp>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace dbengine::actors::remote {

class remote_link final : public caf::monitorable_actor {
public:
  remote_link(caf::actor_config& cfg, endpoint to, remote_options how);

  using caf::abstract_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) override;

  /// Hands a call over; `finished` follows, always. Throws `errc::shut_down`, `errc::overloaded`, `errc::too_big`, `errc::forked`.
  void submit(const remote_call_ptr& c);
  /// Asks for its end: waiting, at once; under way, by the server's word or a while later without.
  void cancel(const remote_call_ptr& c);

  /// No new calls; waits until `deadline` for those under way, answers the rest `errc::shut_down`, and parts from the keeper. The
  /// server's engine goes on. Idempotent.
  void close(remote_call::clock::time_point deadline);

  // -- for the keeper -----------------------------------------------------------------------------

  /// How to have the keeper look in a moment (`arm`) and end (`stop`).
  void keep(std::function<void()> arm, std::function<void()> stop);
  void connected(caf::strong_actor_ptr gateway, const wire_welcome& w);
  void lost(std::string why) noexcept;
  /// Gives up what waited too long. True: look again.
  bool sweep();

  const endpoint& to() const noexcept { return to_; }
  const remote_options& opts() const noexcept { return how_; }
  bool read_only() const;
  bool ended() const;

private:
  using lock = std::unique_lock<std::mutex>;
  using calls = std::map<std::uint64_t, remote_call_ptr>;
  /// A call goes from table to table with its node: that needs no memory, so it is never in none of them.
  struct flight {
    calls::node_type place; // none: its end means nothing to anybody
    std::size_t bytes = 0;

    remote_call* open_call() const {
      return place.empty() || place.mapped()->done ? nullptr : place.mapped().get();
    }
  };

  void answered(std::uint64_t mid, caf::message& m) noexcept;
  void take(calls::node_type& place, wire_answer& a, finished_calls& out);
  void take_part(calls::node_type& place, const wire_answer& a, finished_calls& out);
  void come_back(calls::node_type& place, const caf::message& m, finished_calls& out);
  void send(calls::iterator at);
  flight& post(wire_kind k, std::uint64_t id, std::string& body, std::size_t bytes);
  /// In their order, as far as there is room. Without memory the rest waits for the keeper's next look.
  void send_waiting() noexcept;
  void ask_for_more(calls::node_type& place);
  void say(wire_kind k, std::uint64_t about);
  void try_cancel(const remote_call_ptr& c);
  /// Whether a call whose connection is lost may be sent again.
  bool may_go_again(const remote_call& c) const;
  /// The same; then it counts as one more time.
  bool goes_again(remote_call& c) const;
  /// Nothing more is sent on this connection, which is about to end; its answers are still taken.
  void leave(calls::node_type again);
  bool can_send() const { return gateway_ != nullptr && !leaving_; }
  void fail(const remote_call_ptr& c, error_info why, finished_calls& out) noexcept;
  void finish(const remote_call_ptr& c, finished_calls& out) noexcept;
  /// Whether one more may be under way now; then it counts.
  bool take_room(std::size_t bytes);
  /// Why the server would not take it at all.
  bool too_large(const remote_call& c) const noexcept;
  std::string too_large_text(const remote_call& c) const;
  void arm();
  error_info gone(const remote_call& c) const noexcept;

  const endpoint to_;
  const remote_options how_;
  const int owner_pid_;

  mutable std::mutex mutex_;
  std::condition_variable drained_;
  std::function<void()> arm_;
  std::function<void()> stop_;
  caf::strong_actor_ptr gateway_; // null while there is no connection
  bool leaving_ = false;          // its server shuts down, or a request came back
  wire_welcome welcome_;
  std::string why_lost_;
  bool closed_ = false;
  bool armed_ = false;
  std::uint64_t last_mid_ = 0;
  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, flight> flights_; // by message id
  std::shared_ptr<wire_window> window_;               // null without connection
  /// By number: in the order in which they were asked, whichever way they came to wait.
  calls waiting_;
  std::size_t count_ = 0; // calls accepted and not finished
  std::size_t bytes_ = 0; // their bodies
};

/// A strong reference.
class remote_link_ptr {
public:
  remote_link_ptr() = default;
  explicit remote_link_ptr(caf::strong_actor_ptr p) : actor_(std::move(p)) {}
  explicit operator bool() const noexcept { return actor_ != nullptr; }
  remote_link* operator->() const {
    return static_cast<remote_link*>(caf::actor_cast<caf::abstract_actor*>(actor_));
  }

private:
  caf::strong_actor_ptr actor_;
};

} // namespace dbengine::actors::remote
