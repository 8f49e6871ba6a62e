// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// `connect`: part of the composition root, because it makes connection managers.

#include "base/retry_on_bad_alloc.hpp"
#include "guard/network_broker.hpp"
#include "remote/client/connection_manager.hpp"
#include "remote/client/remote_backend.hpp"
#include "remote/client/remote_engine.hpp"
#include "sqlite/request_control.hpp"
#include "workers/detached_spawn.hpp"

#include <dbengine/actors/publish.hpp>
#include <dbengine/db_engine.hpp>

#include <caf/make_actor.hpp>
#include <caf/send.hpp>

namespace dbengine::actors {

namespace {

/// Opens a link; throws `error`.
remote::remote_link_ptr open_link(caf::actor_system& sys, const remote::endpoint& to,
                                  const remote_options& how) {
  if (!sys.has_middleman())
    throw error(errc::invalid_state,
                "the actor system has no middleman: load it in its configuration");
  if (how.connect_timeout.count() <= 0 || how.request_timeout.count() <= 0)
    throw error(errc::invalid_option, "connect_timeout and request_timeout must be above 0");
  if (how.max_queue == 0 || how.max_queue_bytes == 0)
    throw error(errc::invalid_option, "max_queue and max_queue_bytes must be above 0");
  std::shared_ptr<guard::tls_context> tls;
  if (!how.tls.empty()) {
    std::string why;
    tls = guard::load_tls(how.tls, why, guard::tls_side::client, how.tls_name.value_or(to.host));
    if (!tls)
      throw error(errc::invalid_option, why);
  }
  guard::close_mailbox_with_broker(sys);
  caf::actor_config cfg;
  const remote::remote_link_ptr link(caf::make_actor<remote::remote_link, caf::strong_actor_ptr>(
      sys.next_actor_id(), sys.node(), &sys, cfg, to, how));
  auto first = std::make_shared<std::promise<error_info>>();
  auto result = first->get_future();
  const auto manager = workers::spawn_scheduled(sys, remote::connection_manager, link,
                                                std::move(tls), std::move(first));
  try {
    link->set_callbacks(
        [manager] { caf::delayed_anon_send(manager, defaults::remote_sweep, caf::tick_atom_v); },
        [manager] { caf::anon_send(manager, caf::close_atom_v); });
  } catch (...) { // no memory: nothing else ends the actor, and the system waits for it
    base::try_with_retries([&] { caf::anon_send(manager, caf::close_atom_v); });
    throw;
  }
  try {
    error_info failure{.code = errc::unreachable,
                       .message = "the engine at " + remote::to_string(to) +
                                  " cannot be reached: no answer in time"};
    if (result.wait_until(sqlite::deadline_after(how.connect_timeout)) == std::future_status::ready)
      failure = result.get();
    if (failure.code != errc::none)
      throw error(std::move(failure));
  } catch (...) {
    base::try_with_retries([&] { link->close(remote::remote_call::clock::now()); });
    throw;
  }
  return link;
}

} // namespace

caf::expected<engine_actor> connect(caf::actor_system& sys, const std::string& host,
                                    std::uint16_t port, const remote_options& how) {
  try {
    return remote::remote_engine::make(sys, open_link(sys, {host, port}, how));
  } catch (const error& e) {
    return from_info(e.info());
  }
}

} // namespace dbengine::actors

namespace dbengine {

db_engine db_engine::connect(std::string_view address, const remote_options& o) {
  return db_engine(std::make_shared<actors::remote::remote_backend>(
      actors::remote::parse_endpoint(address), o, &actors::open_link));
}

} // namespace dbengine
