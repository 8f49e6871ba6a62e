// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Threads that may not be had. CAF counts a detached actor before it makes its thread, and waits for it for ever where there is none.
// Thread rule: any thread.

#pragma once

#include "fault.hpp"

#include <caf/actor_system.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>

namespace dbengine::actors {

/// Throws `errc::cannot_open` where so many more threads cannot be had at once.
void require_threads(std::size_t n);

/// Takes back what CAF counted for a detached actor that got no thread, and throws `errc::cannot_open`.
[[noreturn]] void detached_spawn_failed(caf::actor_system& sys, const std::system_error& why);

/// Spawns an actor in a thread of its own. Throws `errc::cannot_open` where it gets none: it never ran, the system does not
/// wait for it, and what it was given is let go of. (Its empty shell, under a kilobyte, stays for the life of the process:
/// who tries again and again asks by `require_threads` first.)
template <class F, class... Ts>
auto spawn_detached(caf::actor_system& sys, F f, Ts... xs) {
  using trait = typename caf::detail::get_callable_trait<F>::type;
  using self_pointer = typename caf::detail::tl_head<typename trait::arg_types>::type;
  using behavior = typename trait::result_type;
  const auto run = std::make_shared<std::function<behavior(self_pointer)>>(
      [f = std::move(f), ... xs = std::move(xs)](self_pointer self) { return f(self, xs...); });
  try {
    DBENGINE_FAULT_POINT("threads.found");
    return sys.spawn<caf::detached>([run](self_pointer self) -> behavior { return (*run)(self); });
  } catch (const std::system_error& e) {
    *run = nullptr;
    detached_spawn_failed(sys, e);
  }
}

} // namespace dbengine::actors
