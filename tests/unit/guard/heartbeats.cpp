// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Simultaneous heartbeats and handshakes: a heartbeat ends no connection during its handshake.

#include <dbengine/actors/publish.hpp>
#include <dbengine/actors/spawn.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>
#include <caf/logger.hpp>

#include <chrono>
#include <string>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace std::chrono_literals;

namespace {

struct config : caf::actor_system_config {
  explicit config(caf::timespan heartbeat) {
    load<caf::io::middleman>();
    actors::setup(*this);
    set("middleman.heartbeat-interval", heartbeat);
  }
};

} // namespace

CAF_TEST(no heartbeat ends a handshake) {
  config host_config(500ms);
  config client_config(200us); // several heartbeats per handshake
  caf::actor_system host(host_config);
  caf::actor_system client(client_config);
  caf::logger::set_current_actor_system(nullptr);
  auto engine = actors::spawn_engine(host, "sqlite://", {.num_workers = 1});
  const auto port = actors::publish(host, engine);
  CAF_REQUIRE(port);
  std::string failed;
  int n = 0;
  for (; n < 200 && failed.empty(); ++n) {
    auto handle = actors::connect(client, "127.0.0.1", *port);
    if (handle)
      actors::shutdown(client, *handle);
    else
      failed = actors::to_error(handle.error()).what();
  }
  CAF_CHECK_EQUAL(failed, "");
  CAF_MESSAGE(n << " connections");
  actors::shutdown(host, engine);
  engine = nullptr;
}
