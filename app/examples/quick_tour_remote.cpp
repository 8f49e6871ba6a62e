// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The lines of README.md about other processes, compiled and run by the tests; here both sides are
// one process.

#include <dbengine/actors/publish.hpp>
#include <dbengine/actors/spawn.hpp>
#include <dbengine/db_engine.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>

#include <cstdio>
#include <string>

int main() {
  int changed = 0;
  // [tour]
  caf::actor_system_config cfg;
  cfg.load<caf::io::middleman>();
  dbengine::actors::setup(cfg);
  caf::actor_system sys{cfg};
  auto engine = dbengine::actors::spawn_engine(sys, "sqlite://");
  auto port = dbengine::actors::publish(sys, engine); // loopback, any free port
  if (!port)
    return std::puts(sys.render(port.error()).c_str());

  // In any other process: the same facade. In a CAF application: actors::connect, the same handle.
  auto db = dbengine::db_engine::connect("127.0.0.1:" + std::to_string(*port));
  db.execute("CREATE TABLE orders (number TEXT)");
  auto done = db.with_id("order-4711").execute("INSERT INTO orders VALUES ('4711')");
  auto again =
      db.with_id("order-4711").execute("INSERT INTO orders VALUES ('4711')"); // not run twice
  changed = db.fetch_value<int>("SELECT count(*) FROM orders").value_or(0);
  db.shutdown();                           // ends the connection
  dbengine::actors::shutdown(sys, engine); // ends the engine and its ports
  // [tour]
  std::printf("%d row, %d and %d changed\n", changed, int(done.changes), int(again.changes));
  return changed == 1 ? 0 : 1;
}
