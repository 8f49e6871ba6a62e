// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A wake-up sent to a reader that becomes a spare at that moment. The suite replaces the readers'
// actors: it collects the wake-ups that the engine sends, and drains the queue at chosen moments
// and as a chosen reader.
//
//   reader 1, peer 7         reader 2, a spare                        a sender, peer 8
//   waits at the latch       active: peer 7 occupies all others
//   answers, runs nothing                                             chooses reader 2
//                            becomes a spare again
//                            <-------------------------------------- its wake-up
//   at the latch again       active again, and must be woken

#include "engine/engine.hpp"
#include "support/engine/engine_fixture.hpp"
#include "support/faults/fault_script.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

#ifdef DBENGINE_FAULTS

namespace {

/// Blocks in its answer, after its reader has released it.
class read_of_peer final : public dbengine::engine::request {
public:
  read_of_peer(std::uint64_t of, std::string text)
      : dbengine::engine::request(
            kind::fetch,
            dbengine::sqlite::request_control(dbengine::sqlite::clock::time_point::max(), {})) {
    peer = of;
    sql = std::move(text);
  }
  blocking_point answers;

private:
  void answered() noexcept override { answers.wait(); }
};

std::shared_ptr<read_of_peer> read(std::uint64_t peer, const std::string& sql) {
  return std::make_shared<read_of_peer>(peer, sql);
}

struct fixture {
  fixture() {
    options o{.num_workers = 1};
    for (std::size_t i = 0; i < latches.size(); ++i)
      o.functions.push_back({.name = "latch_" + std::to_string(i),
                             .arguments = 0,
                             .deterministic = false,
                             .call = [this, i](std::span<const value_ref>) {
                               latches[i].wait();
                               return value(1);
                             }});
    core = std::make_unique<engine::engine>(folder.url(), std::move(o));
    engine::worker_signals w;
    w.flush_reader = [this](std::size_t i) {
      const std::lock_guard lock(mutex);
      woken.push_back(i);
    };
    core->start(std::move(w));
    for (std::size_t i = 0; i < 2; ++i) {
      connections.push_back(core->file().open_reader());
      core->reads().opened(i);
      core->reads().started(i);
    }
  }
  ~fixture() {
    core->calls().stop_accepting();
    core->cancel_requests();
  }

  /// Acts as the actor of that reader on the wake-up that it got. False if there was no wake-up, or
  /// if the reader takes no work.
  bool serve(std::size_t reader) {
    {
      const std::lock_guard lock(mutex);
      const auto own = std::find(woken.begin(), woken.end(), reader);
      if (own == woken.end())
        return false;
      woken.erase(own);
    }
    if (!core->reads().accept_wake_up(reader))
      return false;
    core->reads().drain(reader, *connections[reader]);
    return true;
  }

  engine_folder folder;
  std::array<blocking_point, 2> latches;
  std::mutex mutex;
  std::vector<std::size_t> woken;
  std::unique_ptr<engine::engine> core;
  std::vector<std::unique_ptr<dbengine::sqlite::connection>> connections;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(reader_wake_ups, fixture)

CAF_TEST(a reader that steps back while it is woken can be woken again) {
  const auto held = read(7, "SELECT latch_0()");
  core->reads().submit(held);
  std::jthread first([&] { serve(0); });
  CAF_REQUIRE(latches[0].await_one());
  const auto other = read(8, "SELECT 1");
  other->answers.open();
  core->reads().submit(other);
  CAF_REQUIRE(serve(1)); // a spare until then: peer 7 occupies every reader, and peer 8 waits
  CAF_CHECK(other->now() == engine::request::state::answered);

  std::this_thread::sleep_for(defaults::spare_reader_stays);
  latches[0].open();
  // Reader 1 is answering: it runs no request and has not returned to the queue.
  CAF_REQUIRE(held->answers.await_one());
  const auto next = read(8, "SELECT 2");
  next->answers.open();
  {
    const fault_script steps_back("reader.chosen", 1, [&] {
      core->reads().drain(1, *connections[1]); // as a reader does when it starts
      CAF_CHECK(!core->reads().is_active(1));
    });
    core->reads().submit(next);
    CAF_REQUIRE_EQUAL(steps_back.hits(), 1);
  }
  CAF_CHECK(!serve(1)); // the wake-up reached a spare
  held->answers.open();
  first.join();
  CAF_CHECK(next->now() == engine::request::state::answered);

  const auto again = read(7, "SELECT latch_1()");
  core->reads().submit(again);
  std::jthread second([&] { serve(0); });
  CAF_REQUIRE(latches[1].await_one());
  const auto last = read(8, "SELECT 3");
  last->answers.open();
  core->reads().submit(last);
  CAF_CHECK(serve(1));
  CAF_CHECK(last->now() == engine::request::state::answered);
  again->answers.open();
  latches[1].open();
}

CAF_TEST_FIXTURE_SCOPE_END()

#else

CAF_TEST(readers are woken where they can work) {
  DBENGINE_SKIP("built without DBENGINE_FAULTS");
}

#endif
