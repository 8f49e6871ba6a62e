// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "ways.hpp"

#include "handle_backend.hpp"

#include <dbengine/actors/publish.hpp>

#include <caf/io/middleman.hpp>
#include <caf/logger.hpp>

#include <cstdio>
#include <optional>

namespace dbengine::test {

namespace {

using opener = std::shared_ptr<detail::backend> (*)(const std::string& url, const options& o);

struct way {
  const char* name;
  bool interactive;
  opener open;
};

std::shared_ptr<detail::backend> open_facade(const std::string& url, const options& o) {
  auto db = std::make_shared<db_engine>(url, o);
  return {db, &db->backend()};
}

std::shared_ptr<detail::backend> open_handle(const std::string& url, const options& o) {
  return std::make_shared<handle_backend>(url, o);
}

// An engine on a port of this machine and the facade that is connected to it, each with an actor system of its own.
struct over_the_wire {
  struct config : host_config {
    config() { load<caf::io::middleman>(); }
  };

  over_the_wire(const std::string& url, const options& o)
      : system(std::make_unique<caf::actor_system>(cfg)) {
    caf::logger::set_current_actor_system(nullptr);
    engine = actors::spawn_engine(*system, url, o);
    const auto port = actors::publish(*system, engine);
    if (!port) {
      actors::shutdown(*system, engine);
      engine = nullptr;
      throw actors::to_error(port.error());
    }
    // The deadline of requests that name none is the caller's: here that of the options.
    db.emplace(db_engine::connect("127.0.0.1:" + std::to_string(*port),
                                  {.request_timeout = o.request_timeout}));
  }
  ~over_the_wire() {
    db.reset();
    actors::shutdown(*system, engine);
    engine = nullptr;
  }

  config cfg;
  std::unique_ptr<caf::actor_system> system;
  engine_actor engine;
  std::optional<db_engine> db;
};

std::shared_ptr<detail::backend> open_remote(const std::string& url, const options& o) {
  auto all = std::make_shared<over_the_wire>(url, o);
  return {all, &all->db->backend()};
}

const way all_ways[] = {
    {"facade", true, open_facade}, {"handle", false, open_handle}, {"remote", false, open_remote}};

} // namespace

void on_every_way(const options& o, const std::function<void(target&)>& check) {
  for (const auto& w : all_ways)
    for (const bool memory : {false, true}) {
      const engine_folder folder;
      target t;
      t.name = std::string(w.name) + (memory ? " in memory" : " on a file");
      t.interactive = w.interactive;
      t.remote = w.open == open_remote;
      t.memory = memory;
      t.file = memory ? std::filesystem::path() : folder.path / "test.db";
      t.backend_ = w.open(memory ? "sqlite://" : folder.url(), o);
      try {
        check(t);
      } catch (const error& e) { // else nobody would know which way it was
        std::fprintf(stderr, "%s: %s\n", t.name.c_str(), e.what());
        throw;
      }
    }
}

void on_every_way(const std::function<void(target&)>& check) {
  on_every_way({.num_workers = 2}, check);
}

} // namespace dbengine::test
