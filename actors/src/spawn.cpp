// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The public functions of spawn.hpp.

#include "engine.hpp"

#include <dbengine/actors/spawn.hpp>

#include <caf/actor_system_config.hpp>
#include <caf/deep_to_string.hpp>

namespace dbengine::actors {

void setup(caf::actor_system_config& cfg) {
  cfg.add_message_types<caf::id_block::dbengine>();
  cfg.add_error_category(
      caf::atom("dbengine"), [](std::uint8_t code, caf::atom_value, const caf::message& context) {
        return to_string(to_info(caf::error{code, caf::atom("dbengine"), context}));
      });
}

engine_actor spawn_engine(caf::actor_system& sys, std::string_view database_url, options o) {
  return engine_router::make(house::open(sys, database_url, std::move(o)));
}

void shutdown(caf::actor_system&, const engine_actor& engine, std::chrono::milliseconds timeout) {
  if (auto* r = engine_router::of(engine))
    r->shutdown(timeout);
}

} // namespace dbengine::actors
