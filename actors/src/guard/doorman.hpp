// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// The listening socket, as CAF's broker sees it, and the clock of its peers' deadlines. Lives and
// is used in the middleman's thread.
#pragma once

#include "guard/listener_state.hpp"

#include <caf/io/doorman.hpp>
#include <caf/io/network/acceptor_impl.hpp>
#include <caf/io/network/default_multiplexer.hpp>

#include <memory>
#include <string>

namespace dbengine::actors::guard {

class doorman;

/// A timer in the middleman's event loop. It runs only while a tick is requested.
class ticker final : public caf::io::network::event_handler {
public:
  /// Takes ownership of the timer descriptor.
  ticker(caf::io::network::default_multiplexer& backend, int timer, doorman& owner);

  void start();
  void arm();
  void handle_event(caf::io::network::operation op) override;
  void removed_from_loop(caf::io::network::operation op) override;
  void graceful_shutdown() override { passivate(); }

private:
  doorman& owner_;
  caf::intrusive_ptr<caf::ref_counted> keeps_; // the owner, while the event loop refers to it
  bool armed_ = false;
};

/// Accepts within the limits.
class accept_policy {
public:
  explicit accept_policy(std::shared_ptr<listener_state> state);
  accept_policy(const accept_policy&) = delete;
  accept_policy& operator=(const accept_policy&) = delete;
  ~accept_policy();

  bool try_accept(int& result, int fd);

private:
  std::shared_ptr<listener_state> state_;
  int spare_; // closed to accept and refuse when the process has no descriptor left
};

class doorman final : public caf::io::doorman {
public:
  /// Takes ownership of both descriptors.
  doorman(caf::io::network::default_multiplexer& backend, int fd, int timer,
          std::shared_ptr<listener_state> state);
  ~doorman() override;

  /// Checks the deadlines. Returns whether another tick is needed.
  bool tick();

  bool new_connection() override;
  void graceful_shutdown() override;
  void launch() override;
  std::string addr() const override;
  std::uint16_t port() const override;
  void add_to_loop() override;
  void remove_from_loop() override;

private:
  void discard_lost_answers();

  std::shared_ptr<listener_state> state_;
  caf::io::network::acceptor_impl<accept_policy> acceptor_;
  ticker ticker_;
};

} // namespace dbengine::actors::guard
