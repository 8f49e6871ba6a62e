// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of a peer that asks for more than its share, in each of the ways that once blocked the
// others: the point reads of another peer are all answered during the attack.
//
//   greedy process                     server               this process
//   the requests of one attack ----->  its share   <------  point reads: how many, p50, p99
//
// DBENGINE_GREEDY_SECONDS is how long each attack lasts (1). The figures are printed, not checked,
// because the speed of a machine sets no bound.

#include "remote/protocol/wire_message.hpp"
#include "support/engine/engine_fixture.hpp"
#include "support/wire/guard_wire.hpp"
#include "support/wire/raw_peer.hpp"
#include "support/wire/remote_fixture.hpp"
#include "system/message_codec.hpp"

#include <dbengine/db_engine.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <list>
#include <memory>
#include <thread>
#include <vector>

#include <pthread.h>
#include <sched.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;
using dbengine::actors::remote::wire_kind;
using clock_type = std::chrono::steady_clock;

namespace {

const std::string endless =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c";

std::chrono::seconds each_lasts() {
  const char* text = std::getenv("DBENGINE_GREEDY_SECONDS");
  return std::chrono::seconds(text != nullptr ? std::max(1, std::atoi(text)) : 1);
}

struct figures {
  std::size_t reads = 0;
  std::size_t failed = 0;
  std::string why;
  double p50 = 0;
  double p99 = 0;
};

/// Sends point reads for `time`, each with a deadline of 10 s.
figures read_for(std::chrono::seconds time, const std::string& address) {
  figures f;
  auto db = db_engine::connect(address);
  std::vector<double> took;
  for (const auto end = clock_type::now() + time; clock_type::now() < end;) {
    const auto begin = clock_type::now();
    const auto failure = failure_of([&] {
      db.with_timeout(10s).fetch("SELECT v FROM t WHERE id = ?", std::int64_t(1 + f.reads % 1'000));
    });
    ++f.reads;
    f.failed += failure.code != errc::none;
    if (failure.code != errc::none)
      f.why = to_string(failure);
    took.push_back(std::chrono::duration<double, std::micro>(clock_type::now() - begin).count());
  }
  std::sort(took.begin(), took.end());
  f.p50 = took[took.size() / 2];
  f.p99 = took[took.size() * 99 / 100];
  return f;
}

/// A connection that sends raw frames.
class wire_connection {
public:
  explicit wire_connection(std::uint16_t port) : peer_(std::in_place, port) {
    ready_ = peer_->open() && peer_->shake_hands();
  }
  bool ready() const { return ready_; }
  bool ask(wire_kind k, std::uint64_t id, std::string_view body) {
    // As over a line of 1 Gbit/s. On loopback, the kernel would copy all of it at once, for 2 ms on
    // a processor that the server and the other peer need.
    constexpr std::size_t piece = 64 << 10;
    const auto all =
        peer_->message(request_content(static_cast<std::uint64_t>(k), id, body), ++last_);
    for (std::size_t at = 0; at < all.size(); at += piece) {
      if (!peer_->send(std::string_view(all).substr(at, piece)))
        return false;
      if (all.size() > piece)
        std::this_thread::sleep_for(500us);
    }
    return true;
  }
  void hang_up() { peer_.reset(); }

private:
  std::optional<raw_peer> peer_;
  bool ready_ = false;
  std::uint64_t last_ = 0;
};

template <class... Ts>
std::string body(std::chrono::milliseconds timeout, const Ts&... xs) {
  return dbengine::base::encode(static_cast<std::int64_t>(timeout.count()), xs...);
}

/// For a greedy peer's thread and the threads it starts: the test measures their cost to the
/// server, not the processor time that they need themselves.
void as_on_another_machine() {
  const sched_param none{};
  CAF_REQUIRE_EQUAL(pthread_setschedparam(pthread_self(), SCHED_IDLE, &none), 0);
}

using attack = std::function<void(const server&, const std::atomic<bool>&)>;

/// A function that SQLite itself cannot interrupt, four at a time, with a short deadline.
void slow_functions(const server& s, const std::atomic<bool>& stop) {
  auto db = db_engine::connect(s.address());
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      while (!stop)
        failure_of([&] {
          db.with_timeout(300ms).fetch("SELECT printf('%.*c', 100000, 'a') LIKE "
                                       "replace(printf('%.*c', 30, 'x'), 'x', '%a') || 'b'");
        });
    });
}

/// 16 cursors on each of four connections, kept open.
void cursors(const server& s, const std::atomic<bool>& stop) {
  std::list<db_engine> connections;
  std::list<cursor> open;
  for (int i = 0; i < 4; ++i) {
    auto& db = connections.emplace_back(db_engine::connect(s.address()));
    for (int j = 0; j < 16; ++j)
      failure_of([&] {
        auto c = db.cursor("SELECT id, v FROM t", {}, 1);
        c.next();
        open.push_back(std::move(c));
      });
  }
  while (!stop)
    std::this_thread::sleep_for(10ms);
}

/// The same id for all requests, then a disconnect; repeatedly.
void one_id(const server& s, const std::atomic<bool>& stop) {
  const auto asked = body(600s, fetch_request{endless, {}, {}}, std::uint8_t{0});
  while (!stop) {
    wire_connection c(s.port());
    for (int i = 0; c.ready() && i < 8; ++i)
      c.ask(wire_kind::fetch, 5, asked);
    std::this_thread::sleep_for(50ms);
  }
}

/// Endless reads.
void long_reads(const server& s, const std::atomic<bool>& stop) {
  wire_connection c(s.port());
  for (std::uint64_t i = 1; c.ready() && i <= 8; ++i)
    c.ask(wire_kind::fetch, i, body(600s, fetch_request{endless, {}, {}}, std::uint8_t{0}));
  while (!stop)
    std::this_thread::sleep_for(10ms);
}

/// Five million parameters, repeatedly.
void many_parameters(const server& s, const std::atomic<bool>& stop) {
  constexpr std::uint64_t n = 5'000'000;
  auto asked = body(1s, std::string("SELECT 1"), std::uint64_t{0}, n);
  asked.resize(asked.size() + n);
  while (!stop) {
    wire_connection c(s.port());
    for (std::uint64_t i = 1; c.ready() && i <= 16 && !stop; ++i) {
      if (!c.ask(wire_kind::execute, i, asked))
        break;
      std::this_thread::sleep_for(20ms);
    }
  }
}

/// The same within the bounds: large requests are still decoded.
void large_requests(const server& s, const std::atomic<bool>& stop) {
  const std::vector<params> sets(50'000, params(std::vector<value>(40)));
  const auto asked = body(1s, batch_request{"INSERT INTO nowhere VALUES (?)", sets, {}});
  while (!stop) {
    wire_connection c(s.port());
    for (std::uint64_t i = 1; c.ready() && i <= 16 && !stop; ++i) {
      if (!c.ask(wire_kind::batch, i, asked))
        break;
      std::this_thread::sleep_for(100ms);
    }
  }
}

struct fixture {
  engine_folder folder;

  fixture() {
    db_engine db(folder.url());
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
    db.execute("INSERT INTO t WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT "
               "1000) SELECT x, 'value ' || x FROM c");
    db.shutdown();
    speak_of("dbengine::actors::wire_request");
  }
  ~fixture() { speak_of(wire_request_name); } // for the next suites in this process
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(greedy_peer, fixture)

CAF_TEST(whatever one peer asks the reads of another are answered) {
  server s(folder.url());
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  const auto time = each_lasts();
  const auto alone = read_for(time, s.address());
  CAF_CHECK_EQUAL(alone.failed, 0u);
  CAF_MESSAGE("alone: " << alone.reads << " reads, p50 " << alone.p50 << " us, p99 " << alone.p99
                        << " us");
  const std::vector<std::pair<std::string, attack>> attacks{
      {"slow functions", slow_functions},   {"cursors", cursors},
      {"one id for all", one_id},           {"long reads", long_reads},
      {"many parameters", many_parameters}, {"large requests", large_requests}};
  for (const auto& [name, attack] : attacks) {
    std::atomic<bool> stop{false};
    figures f;
    {
      std::jthread greedy([&, &attack = attack] {
        as_on_another_machine();
        attack(s, stop);
      });
      std::this_thread::sleep_for(200ms); // time for the attack to begin
      f = read_for(time, s.address());
      stop = true;
    }
    CAF_MESSAGE(name << ": " << f.reads << " reads, p50 " << f.p50 << " us, p99 " << f.p99
                     << " us, " << f.p99 / alone.p99 << " times; failed " << f.failed << f.why);
    CAF_CHECK_EQUAL(f.failed, 0u);
    CAF_CHECK_GREATER(f.reads, 0u);
  }
  CAF_CHECK_EQUAL(code_of([&] { db_engine::connect(s.address()).execute("DELETE FROM t"); }),
                  "none");
  CAF_CHECK_EQUAL(s.end(), 0);
}

#ifdef DBENGINE_FAULTS

CAF_TEST(a server without shares of readers would be noticed) {
  server s(folder.url(), {"--mutant=lets one peer have every reader"});
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  std::atomic<bool> stop{false};
  std::jthread greedy([&] { long_reads(s, stop); });
  auto db = db_engine::connect(s.address());
  CAF_CHECK(comes_soon([&] {
    return code_of([&] { db.with_timeout(500ms).fetch("SELECT v FROM t WHERE id = 1"); }) ==
           "timeout";
  }));
  stop = true;
}

#endif

CAF_TEST_FIXTURE_SCOPE_END()
