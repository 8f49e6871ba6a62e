// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/detached_spawn.hpp"

#include <dbengine/error.hpp>

#include <caf/actor_registry.hpp>
#include <caf/thread_hook.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <pthread.h>
#include <string>
#include <sys/syscall.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

namespace dbengine::actors::workers {

namespace {

thread_local bool is_actor_thread = false;

struct marking final : caf::thread_hook {
  void init(caf::actor_system&) override {}
  void thread_started() override { is_actor_thread = true; }
  void thread_terminates() override {}
};

} // namespace

void mark_threads(caf::actor_system_config& cfg) {
  cfg.add_thread_hook<marking>();
}

bool on_actor_thread() noexcept {
  return is_actor_thread;
}

void uncount_actor(caf::actor_system& sys, bool detached) {
  sys.registry().dec_running();
  if (detached)
    sys.dec_detached_threads();
}

} // namespace dbengine::actors::workers
