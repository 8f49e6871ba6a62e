// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The client's side of one connection: the calls in flight, the calls that wait, and their outcome
// when the connection is lost. The link is the actor that the server answers. It runs in the
// threads of the senders, of the middleman and of the connection manager.
//
// Thread safety: any thread. Ownership: shared by the handle or facade that uses it and by its
// connection manager; `close` separates them.
//
// Why no event-based actor in between? It would add a scheduled hop in each direction, which costs
// as much as the whole round trip.

#pragma once

#include "base/thread_annotations.hpp"
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
#include <string>
#include <unordered_map>

namespace dbengine::actors::remote {

class remote_link final : public caf::monitorable_actor {
public:
  remote_link(caf::actor_config& cfg, endpoint to, remote_options how);

  using caf::abstract_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) override;

  /// Submits a call; `finished` is always called afterwards. Throws `errc::shut_down`,
  /// `errc::overloaded`, `errc::too_big`, `errc::forked`.
  void submit(const remote_call_ptr& c);
  /// Requests the call's end. A waiting call ends at once; a call in flight ends with the server's
  /// answer, or after a bounded wait without it.
  void cancel(const remote_call_ptr& c);

  /// Refuses new calls, waits until `deadline` for those in flight, fails the others with
  /// `errc::shut_down`, and ends the connection manager. The server's engine stays open.
  /// Idempotent.
  void close(remote_call::clock::time_point deadline);

  // -- for the connection manager -----------------------------------------------------------------

  /// `schedule_sweep` makes the manager call `sweep` in a moment, `stop_manager` ends it.
  void set_callbacks(std::function<void()> schedule_sweep, std::function<void()> stop_manager);
  void on_connect(caf::strong_actor_ptr gateway, const wire_welcome& w);
  void on_disconnect(std::string why) noexcept;
  /// Fails calls that have waited too long. Returns true if another sweep is needed.
  bool sweep();

  const endpoint& to() const noexcept { return to_; }
  const remote_options& opts() const noexcept { return how_; }
  bool read_only() const;
  bool ended() const;

private:
  using lock = base::scoped_lock;
  using calls = std::map<std::uint64_t, remote_call_ptr>;
  /// A call moves from table to table with its node. That needs no memory, so a call is always in
  /// one of them.
  struct in_flight_call {
    calls::node_type place; // empty for a control message, whose answer is not awaited
    std::size_t bytes = 0;

    remote_call* open_call() const {
      return place.empty() || place.mapped()->done ? nullptr : place.mapped().get();
    }
  };

  // Answers.
  void dispatch_answer(std::uint64_t mid, caf::message& m) noexcept DBENGINE_EXCLUDES(mutex_);
  void handle_answer(calls::node_type& place, wire_answer& a, finished_calls& out)
      DBENGINE_REQUIRES(mutex_);
  void handle_part(calls::node_type& place, const wire_answer& a, finished_calls& out)
      DBENGINE_REQUIRES(mutex_);
  /// Handles an undelivered request: the guard or the broker reports what did not reach the
  /// gateway.
  void handle_undelivered(calls::node_type& place, const caf::message& m, finished_calls& out)
      DBENGINE_REQUIRES(mutex_);
  void fail(const remote_call_ptr& c, error_info why, finished_calls& out) noexcept
      DBENGINE_REQUIRES(mutex_);
  void finish(const remote_call_ptr& c, finished_calls& out) noexcept DBENGINE_REQUIRES(mutex_);

  // Messages to the server.
  bool can_send() const DBENGINE_REQUIRES(mutex_) { return gateway_ != nullptr && !stopping_; }
  void send_call(calls::iterator at) DBENGINE_REQUIRES(mutex_);
  /// Sends one message; no call belongs to it yet. If it throws, the body is unchanged and nothing
  /// is in flight.
  in_flight_call& send_message(wire_kind k, std::uint64_t id, std::string& body, std::size_t bytes)
      DBENGINE_REQUIRES(mutex_);
  /// Sends waiting calls in their order while there is room. Without memory the others wait for the
  /// next sweep.
  void send_waiting() noexcept DBENGINE_REQUIRES(mutex_);
  void request_next_part(calls::node_type& place) DBENGINE_REQUIRES(mutex_);
  /// Sends a message about the call with this number.
  void send_control(wire_kind k, std::uint64_t about) DBENGINE_REQUIRES(mutex_);
  void try_cancel(const remote_call_ptr& c) DBENGINE_EXCLUDES(mutex_);
  /// Returns whether one more request may be in flight now, and counts it then.
  bool reserve_room(std::size_t bytes) DBENGINE_REQUIRES(mutex_);
  /// Whether the server would refuse the call for its size.
  bool too_large(const remote_call& c) const noexcept DBENGINE_REQUIRES(mutex_);
  std::string too_large_text(const remote_call& c) const DBENGINE_REQUIRES(mutex_);

  // Calls whose connection is lost.
  bool may_retry(const remote_call& c) const DBENGINE_REQUIRES(mutex_);
  /// As `may_retry`; if true, it is counted as one more attempt.
  bool should_retry(remote_call& c) const DBENGINE_REQUIRES(mutex_);
  /// Keeps the call for the next connection. Nothing more is sent on this one, which is about to
  /// end; its answers are still handled.
  void stop_sending(calls::node_type again) DBENGINE_REQUIRES(mutex_);
  error_info connection_lost_error(const remote_call& c) const noexcept DBENGINE_REQUIRES(mutex_);
  void fail_late_waiting(remote_call::clock::time_point now, finished_calls& out)
      DBENGINE_REQUIRES(mutex_);
  void fail_late_in_flight(remote_call::clock::time_point now, finished_calls& out)
      DBENGINE_REQUIRES(mutex_);
  void schedule_sweep() DBENGINE_REQUIRES(mutex_);

  const endpoint to_;
  const remote_options how_;
  const int owner_pid_;

  mutable base::mutex mutex_;
  std::condition_variable_any drained_;
  std::function<void()> schedule_ DBENGINE_GUARDED_BY(mutex_);
  std::function<void()> stop_manager_ DBENGINE_GUARDED_BY(mutex_);
  /// Null while there is no connection.
  caf::strong_actor_ptr gateway_ DBENGINE_GUARDED_BY(mutex_);
  /// Set when the server shuts down or a request was undelivered; reset by the next connection.
  bool stopping_ DBENGINE_GUARDED_BY(mutex_) = false;
  wire_welcome welcome_ DBENGINE_GUARDED_BY(mutex_);
  std::string disconnect_reason_ DBENGINE_GUARDED_BY(mutex_);
  bool closed_ DBENGINE_GUARDED_BY(mutex_) = false;
  bool sweep_scheduled_ DBENGINE_GUARDED_BY(mutex_) = false;
  std::uint64_t last_mid_ DBENGINE_GUARDED_BY(mutex_) = 0;
  std::uint64_t last_id_ DBENGINE_GUARDED_BY(mutex_) = 0;
  /// The key is the message's id in CAF.
  std::unordered_map<std::uint64_t, in_flight_call> in_flight_ DBENGINE_GUARDED_BY(mutex_);
  /// Null while there is no connection.
  std::shared_ptr<wire_window> window_ DBENGINE_GUARDED_BY(mutex_);
  /// The key is the call's number, that is, the order of the requests, whatever they wait for.
  calls waiting_ DBENGINE_GUARDED_BY(mutex_);
  std::size_t count_ DBENGINE_GUARDED_BY(mutex_) = 0; // calls accepted and not finished
  std::size_t bytes_ DBENGINE_GUARDED_BY(mutex_) = 0; // their bodies
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
