// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The common base of both handles of an engine: an actor without a mailbox, the ports at which it
// is published, and the one function that refuses a request.
// Thread safety: any thread.
//
// It is no event-based actor: as CAF's own `actor_pool` and `decorator::sequencer` it dispatches a
// message within `enqueue`, in the thread of the sender.
// Why not an event-based actor? It would add a hop, and a scheduled one at that, to every request.

#pragma once

#include "system/actor_response.hpp"
#include "system/open_ports.hpp"

#include <dbengine/actors/handles.hpp>

#include <caf/monitorable_actor.hpp>
#include <caf/system_messages.hpp>

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace dbengine::actors::system {

class handle_base : public caf::monitorable_actor {
public:
  /// The handle's own object, null for any other actor.
  static handle_base* of(const engine_actor& handle);
  /// The same for a caller that names the engine's system. Throws `errc::invalid_option` if the
  /// engine belongs to another system.
  static handle_base* of(caf::actor_system& sys, const engine_actor& handle);

  /// CAF's rules hold: `sys_atom` is answered, an exit message with an empty reason ends nothing.
  using caf::abstract_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) final;
  std::set<std::string> message_types() const final;
  const char* name() const override;

  /// Ends the handle. Returns the workers that could not be ended.
  virtual std::vector<std::string> shutdown(std::chrono::milliseconds timeout) = 0;
  open_ports& ports() noexcept { return ports_; }

protected:
  explicit handle_base(caf::actor_config& cfg) : caf::monitorable_actor(cfg) {}

  /// Runs the request in `m`; false if `m` holds none. What it throws, `to` fails with.
  virtual bool dispatch(caf::message& m, actor_response& to) = 0;
  /// Throws if a request may not be sent from this thread.
  virtual void check_sender() {}
  /// A monitored actor has ended.
  virtual void handle_down(const caf::down_msg&) {}
  /// A linked actor has failed, or an exit was sent.
  virtual void handle_exit(const caf::exit_msg& m) = 0;

private:
  bool answer_info(caf::mailbox_element& what);
  bool handle_system_message(caf::mailbox_element& what, caf::execution_unit* host);

  open_ports ports_;
};

} // namespace dbengine::actors::system
