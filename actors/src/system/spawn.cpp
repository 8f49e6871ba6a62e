// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The public functions of spawn.hpp, but for `setup`.

#include "system/engine_handle.hpp"

#include <dbengine/actors/spawn.hpp>

#include <caf/send.hpp>

namespace dbengine::actors {

engine_actor spawn_engine(caf::actor_system& sys, std::string_view database_url, options o) {
  return system::engine_handle::make(system::engine_system::open(sys, database_url, std::move(o)));
}

std::function<void(const escalation&)> escalate_to(const caf::actor& owner) {
  return [weak = caf::actor_addr(owner.address())](const escalation& e) {
    if (const auto strong = caf::actor_cast<caf::actor>(weak))
      caf::anon_send(strong, e);
  };
}

std::vector<std::string> shutdown(caf::actor_system& sys, const engine_actor& engine,
                                  std::chrono::milliseconds timeout) {
  auto* const handle = system::handle_base::of(sys, engine);
  return handle != nullptr ? handle->shutdown(timeout) : std::vector<std::string>{};
}

namespace {

system::engine_system& engine_of(const engine_actor& engine) {
  auto* const handle = system::engine_handle::of(engine);
  if (handle == nullptr)
    throw error(errc::invalid_option, "the handle is not of an engine of this process");
  handle->engine().core().calls().check_process();
  return handle->engine();
}

} // namespace

health_report health_of(const engine_actor& engine) {
  return engine_of(engine).health();
}

std::chrono::milliseconds stuck_for(const engine_actor& engine) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      engine_of(engine).core().supervision().stuck_for());
}

} // namespace dbengine::actors
