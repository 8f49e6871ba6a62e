// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The supervisor starts the workers and starts them again. Scheduled; owns the children and their restart budgets.
//
// Erlang's terms: each child has a strategy (one_for_one: it alone is restarted; rest_for_one: those started after it, too), an
// intensity (restarts within a period that are still normal) and a backoff. Past the intensity the child's circuit
// opens: what needs it fails at once with `errc::unavailable`, the owner of the engine is told, and a probe (half-open)
// tries again.

#pragma once

#include "engine/engine.hpp"
#include "workers/restart_policy.hpp"
#include "workers/supervisor_exit.hpp"
#include "workers/worker_status.hpp"

#include <dbengine/actors/handles.hpp>

#include <caf/actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace dbengine::actors::workers {

enum class strategy : std::uint8_t { one_for_one, rest_for_one };

/// How a child is made.
struct child_spec {
  std::string name;
  strategy restart = strategy::one_for_one;
  /// Starts it; `ready` is to be called (from any thread) when it has opened what it needs.
  std::function<caf::actor(std::function<void()> ready)> start;
  /// The circuit opened with this reason, and closed again.
  std::function<void(const error_info&)> circuit_opened;
  std::function<void()> circuit_closed;
  /// In a thread of its own, which a restart asks for first.
  bool detached = false;
};

/// Says once, from any thread, that a child has opened what it needs, whether or not somebody listens yet.
class ready_signal {
public:
  void set() {
    const std::lock_guard lock(mutex_);
    ready_ = true;
    if (auto f = std::exchange(listener_, nullptr))
      f();
  }
  /// `f` runs once, at once where it is ready.
  void then(std::function<void()> f) {
    const std::lock_guard lock(mutex_);
    if (ready_)
      f();
    else
      listener_ = std::move(f);
  }

private:
  std::mutex mutex_;
  bool ready_ = false;
  std::function<void()> listener_;
};

/// What became of a start: a child, or why there is none.
struct started_child {
  caf::actor handle;
  std::shared_ptr<ready_signal> ready;
  error_info failure;
};
started_child start_child(const child_spec& spec);

struct supervisor_state {
  static constexpr const char* name = "dbengine.supervisor";
  // No aggregate: CAF would make it of its actor's pointer, that is, of `true`.
  supervisor_state() = default;

  struct child {
    child_spec spec;
    caf::actor handle;
    std::uint32_t generation = 0;
    std::deque<caf::actor_clock::time_point> failures;
    circuit_state circuit = circuit_state::closed;
    bool waiting = false;     // for its next start
    bool taken_along = false; // ended because of another child's failure (rest_for_one)
  };

  bool stopping = false;
  std::minstd_rand jitter{std::random_device{}()};
};

/// `first` are the children's first lives, one for each of `specs`: the engine's owner starts them in its own thread, so that their
/// threads are there when the engine is; it names them on the board, too. `ended` is fulfilled when every child has ended. The second `close` asks all that are left at once, the third leaves
/// behind those that have not ended.
supervisor_actor::behavior_type supervisor(
    supervisor_actor::stateful_pointer<supervisor_state> self, std::shared_ptr<engine::engine> core,
    std::shared_ptr<worker_status_table> b, std::vector<child_spec> specs,
    std::vector<started_child> first, std::shared_ptr<supervisor_exit> ended,
    restart_policy policy = {});

} // namespace dbengine::actors::workers
