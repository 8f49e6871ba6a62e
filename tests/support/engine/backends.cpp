// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/engine/backends.hpp"

#include "support/engine/handle_backend.hpp"
#include "support/wire/over_the_wire.hpp"

#include <cstdio>

namespace dbengine::test {

namespace {

std::shared_ptr<detail::backend> open_facade(const std::string& url, const options& o) {
  auto db = std::make_shared<db_engine>(url, o);
  return {db, &db->backend()};
}

std::shared_ptr<detail::backend> open_handle(const std::string& url, const options& o) {
  return std::make_shared<handle_backend>(url, o);
}

std::shared_ptr<detail::backend> open_remote(const std::string& url, const options& o) {
  auto all = std::make_shared<over_the_wire>(url, o);
  return {all, &all->facade().backend()};
}

} // namespace

std::span<const backend_kind> backends() {
  static const backend_kind all[] = {{"facade", true, open_facade},
                                     {"handle", false, open_handle},
                                     {"remote", false, open_remote}};
  return all;
}

void on_every_backend(const options& o, const std::function<void(target&)>& check) {
  for (const auto& w : backends())
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
      } catch (const error& e) { // otherwise the failing backend would be unknown
        std::fprintf(stderr, "%s: %s\n", t.name.c_str(), e.what());
        throw;
      }
    }
}

void on_every_backend(const std::function<void(target&)>& check) {
  on_every_backend({.num_workers = 2}, check);
}

} // namespace dbengine::test
