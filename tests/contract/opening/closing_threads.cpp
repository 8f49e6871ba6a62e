// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that one thread may open an engine, others use it, and another close it, in this process
// and over the wire. Closing waits for no thread that continues to run.

#include "support/wire/remote_fixture.hpp"

#include "support/engine/engine_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <future>
#include <memory>
#include <thread>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

// True if another thread can end the engine while this thread, which opened it, still runs. The
// wait is bounded: a closing thread that does not return is abandoned.
bool ends_elsewhere(std::unique_ptr<db_engine> db, bool used) {
  if (used)
    db->fetch("SELECT 1");
  auto ended = std::make_shared<std::promise<void>>();
  auto end = ended->get_future();
  std::thread([db = std::move(db), ended, used]() mutable {
    if (used)
      db->fetch("SELECT 1");
    db.reset();
    ended->set_value();
  }).detach();
  return end.wait_for(60s) == std::future_status::ready;
}

} // namespace

CAF_TEST(an engine is closed by another thread than the one that opened it) {
  const engine_folder folder;
  for (const bool used : {false, true})
    CAF_REQUIRE(ends_elsewhere(std::make_unique<db_engine>(folder.url()), used));
  CAF_REQUIRE(ends_elsewhere(std::make_unique<db_engine>("sqlite://"), true));
}

CAF_TEST(a connection to an engine elsewhere is closed by another thread) {
  const engine_folder folder;
  server s(folder.url());
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  for (const bool used : {false, true})
    CAF_REQUIRE(ends_elsewhere(std::make_unique<db_engine>(db_engine::connect(s.address())), used));
}
