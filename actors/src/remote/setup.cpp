// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// `setup`: part of the composition root, because it knows the messages of the wire.

#include "remote/protocol/wire_message.hpp"
#include "workers/detached_spawn.hpp"

#include <dbengine/actors/spawn.hpp>
#include <dbengine/defaults.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/thread_hook.hpp>

namespace dbengine::actors {

namespace {

/// Sets what connections need in the middleman, when a system starts that loads one. Without
/// heartbeats a peer that stopped is never noticed; without workers a round trip takes a sixth of
/// the time. Settings of the host are kept, and a system without modules keeps its settings.
///
/// Why not in `publish` and `connect`? CAF 0.17 reads these settings once, when its broker starts:
/// within the constructor of the system, before any port can be opened. Of the host's code only a
/// thread hook runs before that.
class network_defaults final : public caf::thread_hook {
public:
  void init(caf::actor_system& sys) override {
    // The system received it by non-const reference.
    auto& cfg = const_cast<caf::actor_system_config&>(sys.config());
    if (cfg.module_factories.empty())
      return;
    set(cfg, "middleman.heartbeat-interval", caf::timespan(defaults::heartbeat_interval));
    set(cfg, "middleman.connection-timeout", caf::timespan(defaults::heartbeat_timeout));
    set(cfg, "middleman.workers", std::size_t{0});
  }
  void thread_started() override {}
  void thread_terminates() override {}

private:
  template <class T>
  static void set(caf::actor_system_config& cfg, caf::string_view name, T x) {
    if (caf::get_if(&caf::content(cfg), name) == nullptr)
      cfg.set(name, std::move(x));
  }
};

} // namespace

void setup(caf::actor_system_config& cfg) {
  cfg.add_message_types<caf::id_block::dbengine>();
  cfg.add_message_types<caf::id_block::dbengine_wire>();
  workers::mark_threads(cfg);
  cfg.add_thread_hook<network_defaults>();
  cfg.add_error_category(
      caf::atom("dbengine"), [](std::uint8_t code, caf::atom_value, const caf::message& context) {
        return to_string(to_info(caf::error{code, caf::atom("dbengine"), context}));
      });
}

} // namespace dbengine::actors
