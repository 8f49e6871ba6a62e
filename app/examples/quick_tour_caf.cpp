// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The ten lines of README.md for CAF users, compiled and run by the tests.

#include <dbengine/actors/spawn.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace std::chrono_literals;

int main() {
  std::string name;
  // [tour]
  caf::actor_system_config cfg;
  dbengine::actors::setup(cfg); // message types, error category
  caf::actor_system sys{cfg};
  auto engine = dbengine::actors::spawn_engine(sys, "sqlite://", {.num_workers = 2});
  caf::scoped_actor self{sys};
  auto fail = [&](const caf::error& e) { std::puts(sys.render(e).c_str()); };
  self->request(engine, 5s, dbengine::fetch_request{"SELECT :v AS v", {{"v", "Ada"}}})
      .receive([&](const dbengine::rows& r) { name = r[0]["v"].as<std::string>(); }, fail);
  dbengine::actors::shutdown(sys, engine, 5s);
  // [tour]
  std::puts(name.c_str());
  return name == "Ada" ? 0 : 1;
}
