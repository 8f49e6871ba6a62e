// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The supervisor: starts the workers and restarts those that fail.
// Thread safety: an actor. Ownership: owns the children's handles and their restart budgets. Cost:
// scheduled; it never blocks.
//
// Erlang's terms: each child has a strategy (one_for_one: it alone is restarted; rest_for_one: the
// rest_for_one children after it, too), an intensity (restarts within a period that are still
// normal) and a backoff. Past the intensity the child's circuit opens: requests that need the child
// fail at once with `errc::unavailable`, the owner of the engine is notified, and a probe
// (half-open) tries again.

#pragma once

#include "engine/engine.hpp"
#include "workers/child_life.hpp"
#include "workers/restart_policy.hpp"
#include "workers/supervisor_exit.hpp"
#include "workers/worker_status_table.hpp"

#include <caf/actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dbengine::actors::workers {

enum class strategy : std::uint8_t { one_for_one, rest_for_one };

/// How a child is made.
struct child_spec {
  worker_id id = {};
  std::string name = {};
  strategy restart = strategy::one_for_one;
  /// Starts it; the child reports with its `child_life` that it has opened what it needs.
  std::function<caf::actor(const child_life&)> start = {};
  /// Called when the circuit opens, with the reason, and when it closes again.
  std::function<void(const error_info&)> circuit_opened = {};
  std::function<void()> circuit_closed = {};
  /// The child runs in a separate thread; a restart checks first that a thread is available.
  bool detached = false;
};

/// The number of the first incarnation, which the opening thread starts.
inline constexpr std::uint32_t first_incarnation = 1;

/// Runs `start` on this thread. A failure is part of the result. `child` is its index in the
/// supervisor's list.
child_started start_child(const child_spec& spec, std::uint32_t child, const child_life& life);

struct supervisor_state {
  static constexpr const char* name = "dbengine.supervisor";
};

/// Its children are `specs`, none of which runs yet. The opening thread starts each of them and
/// sends `child_started`, so that their threads exist when the engine does. That thread also adds
/// them to `status`. `exit` is set when every child has ended.
supervisor_actor::behavior_type supervisor(
    supervisor_actor::stateful_pointer<supervisor_state> self, std::shared_ptr<engine::engine> core,
    std::shared_ptr<worker_status_table> status, std::vector<child_spec> specs,
    std::shared_ptr<supervisor_exit> exit, restart_policy policy = {});

} // namespace dbengine::actors::workers
