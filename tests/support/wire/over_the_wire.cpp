// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/wire/over_the_wire.hpp"

#include "guard/network_broker.hpp"

#include <dbengine/actors/publish.hpp>
#include <dbengine/actors/spawn.hpp>

#include <caf/io/middleman.hpp>
#include <caf/logger.hpp>

namespace dbengine::test {

over_the_wire::config::config() {
  load<caf::io::middleman>();
}

over_the_wire::over_the_wire(const std::string& url, const options& o)
    : host_(std::make_unique<caf::actor_system>(host_config_)),
      client_(std::make_unique<caf::actor_system>(client_config_)) {
  caf::logger::set_current_actor_system(nullptr);
  actors::guard::close_mailbox_with_broker(
      *client_); // the system may end without a connection, which would do this
  engine_ = actors::spawn_engine(*host_, url, o);
  const auto port = actors::publish(*host_, engine_, {.allow_backup = true});
  if (!port) {
    actors::shutdown(*host_, engine_);
    engine_ = nullptr;
    throw actors::to_error(port.error());
  }
  port_ = *port;
  // The deadline of requests without one is the caller's: here that of the options.
  db_.emplace(db_engine::connect("127.0.0.1:" + std::to_string(port_),
                                 {.request_timeout = o.request_timeout}));
}

over_the_wire::~over_the_wire() {
  db_.reset();
  actors::shutdown(*host_, engine_);
  engine_ = nullptr;
}

engine_actor over_the_wire::connect() {
  auto handle = actors::connect(*client_, "127.0.0.1", port_);
  if (!handle)
    throw actors::to_error(handle.error());
  return std::move(*handle);
}

} // namespace dbengine::test
