// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The client's side of one connection: the actor that the server answers. It composes the calls
// that are not finished (`call_table`) and the messages in flight (`server_connection`), keeps the
// lock of both, and decides what an answer or a lost connection means for a call. It runs in the
// threads of the senders, of the middleman and of the connection manager.
//
// Thread safety: any thread. Ownership: shared by the handle or facade that uses it and by its
// connection manager; `close` separates them.
//
// Why no event-based actor in between? It would add a scheduled hop in each direction, which costs
// as much as the whole round trip.

#pragma once

#include "base/thread_annotations.hpp"
#include "remote/client/call_table.hpp"
#include "remote/client/endpoint.hpp"
#include "remote/client/remote_call.hpp"
#include "remote/client/server_connection.hpp"

#include <dbengine/actors/handles.hpp>
#include <dbengine/remote.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/monitorable_actor.hpp>

#include <cstdint>
#include <functional>
#include <string>

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

  // Answers.
  void dispatch_answer(std::uint64_t mid, caf::message& m) noexcept DBENGINE_EXCLUDES(mutex_);
  void handle_answer(call_table::node& call, wire_answer& a, finished_calls& out)
      DBENGINE_REQUIRES(mutex_);
  /// Handles an undelivered request: the guard or the broker reports what did not reach the
  /// gateway.
  void handle_undelivered(call_table::node& call, const caf::message& m, finished_calls& out)
      DBENGINE_REQUIRES(mutex_);
  error_info lost_error(const remote_call& c) const noexcept DBENGINE_REQUIRES(mutex_);

  void try_cancel(const remote_call_ptr& c) DBENGINE_EXCLUDES(mutex_);
  void fail_late_waiting(remote_call::clock::time_point now, finished_calls& out)
      DBENGINE_REQUIRES(mutex_);
  void fail_late_in_flight(remote_call::clock::time_point now, finished_calls& out)
      DBENGINE_REQUIRES(mutex_);
  void schedule_sweep() DBENGINE_REQUIRES(mutex_);

  const endpoint to_;
  const remote_options how_;
  const int owner_pid_;

  mutable base::mutex mutex_;
  std::function<void()> schedule_ DBENGINE_GUARDED_BY(mutex_);
  std::function<void()> stop_manager_ DBENGINE_GUARDED_BY(mutex_);
  bool sweep_scheduled_ DBENGINE_GUARDED_BY(mutex_) = false;
  bool closed_ DBENGINE_GUARDED_BY(mutex_) = false;
  call_table calls_ DBENGINE_GUARDED_BY(mutex_);
  server_connection connection_ DBENGINE_GUARDED_BY(mutex_);
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
