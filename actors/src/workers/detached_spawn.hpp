// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Spawns actors so that a missing thread is an error. CAF counts a detached actor before it creates
// its thread; without a thread, CAF's wait for that actor would never end.
// Thread safety: any thread. Errors: thrown.

#pragma once

#include "base/fault.hpp"

#include <dbengine/error.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace dbengine::actors::workers {

/// Marks CAF's threads. Called before the system is constructed.
void mark_threads(caf::actor_system_config& cfg);

/// Whether this thread is one of CAF's own: of a scheduler, a multiplexer, a detached actor.
bool on_actor_thread() noexcept;

/// Reverts CAF's count of an actor that got no thread, or no place in the scheduler's queue.
void uncount_actor(caf::actor_system& sys, bool detached);

/// Spawns an actor or throws. If it throws, the actor never ran, the system does not wait for it,
/// and its arguments are released. Its empty shell, under a kilobyte, stays for the life of the
/// process: a caller that retries calls `require_threads` first.
template <caf::spawn_options O, class F, class... Ts>
auto spawn_whole(caf::actor_system& sys, F f, Ts... xs) {
  using trait = typename caf::detail::get_callable_trait<F>::type;
  using self_pointer = typename caf::detail::tl_head<typename trait::arg_types>::type;
  using behavior = typename trait::result_type;
  const auto run = std::make_shared<std::function<behavior(self_pointer)>>(
      [f = std::move(f), ... xs = std::move(xs)](self_pointer self) { return f(self, xs...); });
  try {
    DBENGINE_FAULT_POINT("threads.found");
    return sys.spawn<O>([run](self_pointer self) -> behavior { return (*run)(self); });
  } catch (...) {
    // If memory was missing earlier, the actor is destroyed, and its counts with it.
    const bool shell_is_left = run.use_count() > 1;
    *run = nullptr;
    if (shell_is_left)
      uncount_actor(sys, O == caf::detached);
    try {
      throw;
    } catch (const std::system_error& e) {
      throw error(errc::cannot_open,
                  std::string("no thread is available for a worker: ") + e.what());
    }
  }
}

/// Spawns in a separate thread. Throws `errc::cannot_open` if there is none.
template <class F, class... Ts>
auto spawn_detached(caf::actor_system& sys, F f, Ts... xs) {
  return spawn_whole<caf::detached>(sys, std::move(f), std::move(xs)...);
}

template <class F, class... Ts>
auto spawn_scheduled(caf::actor_system& sys, F f, Ts... xs) {
  return spawn_whole<caf::no_spawn_options>(sys, std::move(f), std::move(xs)...);
}

} // namespace dbengine::actors::workers
