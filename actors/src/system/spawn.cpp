// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The public functions of spawn.hpp.

#include "remote/client/remote_engine.hpp"
#include "system/engine_handle.hpp"
#include "workers/detached_spawn.hpp"

#include <dbengine/actors/spawn.hpp>

#include <caf/actor_system_config.hpp>
#include <caf/deep_to_string.hpp>
#include <caf/send.hpp>

namespace dbengine::actors {

void setup(caf::actor_system_config& cfg) {
  cfg.add_message_types<caf::id_block::dbengine>();
  cfg.add_message_types<caf::id_block::dbengine_wire>();
  workers::mark_threads(cfg);
  // Without heartbeats a peer that stopped is never noticed, and without workers a round trip takes a sixth. What
  // the host's own configuration says later counts more.
  cfg.set("middleman.heartbeat-interval", caf::timespan(defaults::heartbeat_interval));
  cfg.set("middleman.connection-timeout", caf::timespan(defaults::heartbeat_timeout));
  cfg.set("middleman.workers", std::size_t{0});
  cfg.add_error_category(
      caf::atom("dbengine"), [](std::uint8_t code, caf::atom_value, const caf::message& context) {
        return to_string(to_info(caf::error{code, caf::atom("dbengine"), context}));
      });
}

engine_actor spawn_engine(caf::actor_system& sys, std::string_view database_url, options o) {
  return system::engine_handle::make(system::engine_system::open(sys, database_url, std::move(o)));
}

std::function<void(const escalation&)> escalate_to(const caf::actor& owner) {
  return [weak = caf::actor_addr(owner.address())](const escalation& e) {
    if (const auto strong = caf::actor_cast<caf::actor>(weak))
      caf::anon_send(strong, e);
  };
}

std::vector<std::string> shutdown(caf::actor_system&, const engine_actor& engine,
                                  std::chrono::milliseconds timeout) {
  if (auto* r = system::engine_handle::of(engine)) {
    r->shutdown(timeout);
    return r->engine().left_behind();
  }
  if (auto* far = remote::remote_engine::of(engine))
    far->shutdown(timeout);
  return {};
}

namespace {

system::engine_system& house_of(const engine_actor& engine) {
  auto* r = system::engine_handle::of(engine);
  if (r == nullptr)
    throw error(errc::invalid_option, "the handle is not of an engine of this process");
  r->engine().core().calls().check_process();
  return r->engine();
}

} // namespace

health_report health_of(const engine_actor& engine) {
  return house_of(engine).health();
}

std::chrono::milliseconds stuck_for(const engine_actor& engine) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      house_of(engine).core().supervision().stuck_for());
}

} // namespace dbengine::actors
