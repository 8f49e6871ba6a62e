// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The connection manager: makes a link's connection, monitors it, and reconnects with backoff.
// Thread safety: scheduled. Ownership: owns only its timers. Blocking work (names, TCP, TLS) runs
// in a detached `dialler` that lives for one attempt.

#pragma once

#include "remote/client/dial.hpp"
#include "remote/client/remote_link.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/expected.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <future>

namespace dbengine::actors::remote {

/// An attempt's result; local only.
struct dial_result {
  std::shared_ptr<dialled> connection;
  error_info failure;
};
using dial_result_ptr = std::shared_ptr<dial_result>;

using connection_manager_actor = caf::typed_actor<
    // Connect now.
    caf::reacts_to<caf::connect_atom>,
    // The dialler has finished.
    caf::reacts_to<dial_result_ptr>,
    // Calls are in flight or wait: check their deadlines.
    caf::reacts_to<caf::tick_atom>,
    // The link is closed.
    caf::reacts_to<caf::close_atom>>;

struct connection_manager_state {
  static constexpr const char* name = "dbengine.connection_manager";

  connection_manager_state() = default;
  connection_manager_state(const connection_manager_state&) = delete;
  connection_manager_state& operator=(const connection_manager_state&) = delete;
  /// However the manager ends, its link is closed with it.
  ~connection_manager_state();

  void forget_socket() noexcept;

  remote_link_ptr link;
  caf::strong_actor_ptr gateway;
  /// A duplicate of the connection's socket, used to end the connection: the broker owns the
  /// original and offers no way to close it. -1: none.
  int socket = -1;
  std::shared_ptr<guard::tls_context> tls;
  std::shared_ptr<std::atomic<bool>> stop = std::make_shared<std::atomic<bool>>(false);
  /// The result of the first attempt, for `connect`.
  std::shared_ptr<std::promise<error_info>> first;
  std::chrono::milliseconds backoff{0};
  std::chrono::steady_clock::time_point lost_since{};
};

/// `first` receives the result of the first attempt; if the attempt failed, the manager ends.
connection_manager_actor::behavior_type connection_manager(
    connection_manager_actor::stateful_pointer<connection_manager_state> self, remote_link_ptr link,
    std::shared_ptr<guard::tls_context> tls, std::shared_ptr<std::promise<error_info>> first);

} // namespace dbengine::actors::remote

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(dbengine::actors::remote::dial_result_ptr)
