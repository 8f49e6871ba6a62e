// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Property test of write groups: random requests from many senders leave the same rows and get the
// same answers as on plain SQLite. There they run one by one, in the order in which the engine ran
// them.
//
//   facade threads (one request at a time) --+
//   CAF senders (eight pending requests) ----+--> one engine --> answers, and the tables at the end
//   tick(id) of each run of a request <-----------+
//   the history, sorted by tick -----------------> plain SQLite --> the same
//
// The same runs over the wire, with facade and handles connected to the engine's port.
//
// The order is known because every request that changes the database calls `tick(id)`, which draws
// the next number of one counter. One connection writes, and only one thread at a time has it. So
// of two runs that were both kept, the one with the lower number ran on the state before the other.
// A run that was undone and repeated draws again, later, and only the last number counts. If a
// request ran twice and was kept twice, or an answer came from an undone run, the tables or answers
// would differ. A request that drew no number (it reads, or fails before it runs) must have changed
// nothing. Its answer must be correct at some moment between its call and its answer, after all
// that was answered before the call (read your writes). Calls and answers draw from the same
// counter, so that "before" is known.

#include "support/engine/drawn_numbers.hpp"
#include "support/engine/engine_fixture.hpp"
#include "support/engine/reference_check.hpp"
#include "support/engine/work_run.hpp"
#include "support/eventually.hpp"
#include "support/sqlite/dump.hpp"
#include "support/sqlite/plain_sqlite.hpp"
#include "support/wire/over_the_wire.hpp"

#include "facade/local_backend.hpp"
#include "system/engine_handle.hpp"

#include <dbengine/db_engine.hpp>

#include <caf/logger.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

long from_environment(const char* name, long otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtol(text, nullptr, 10);
}

std::chrono::milliseconds deadline_of(const work& w) {
  return w.endless ? 20ms : 300'000ms;
}

// -- the facade as a sender -----------------------------------------------------------------------

void send_by_facade(const db_engine& db, logged_request& e, std::atomic<long>& clock) {
  e.called = ++clock;
  try {
    auto as = db.with_timeout(deadline_of(e.request));
    if (!e.request.key.empty())
      as = as.with_id(e.request.key);
    e.answer = answer_of(as, e.request);
  } catch (const error& x) {
    e.answer = text_of(x.info());
    e.outcome = x.outcome();
  }
  e.answered = ++clock;
}

// -- the handle as a sender -----------------------------------------------------------------------

template <class R, class M>
std::function<void()> ask(caf::scoped_actor& self, const engine_actor& engine, M message,
                          logged_request& e, std::atomic<long>& clock) {
  e.called = ++clock;
  auto pending = self->request(engine, caf::infinite, std::move(message));
  auto shared = std::make_shared<decltype(pending)>(std::move(pending));
  return [shared, &e, &clock] {
    shared->receive(
        [&](R& r) {
          if constexpr (std::is_same_v<R, transaction_result>)
            e.answer = text_of(r.results);
          else
            e.answer = text_of(r);
        },
        [&](caf::error& x) {
          const auto info = actors::to_info(x);
          e.answer = text_of(info);
          e.outcome = info.outcome;
        });
    e.answered = ++clock;
  };
}

std::function<void()> send_by_handle(caf::scoped_actor& self, const engine_actor& engine,
                                     logged_request& e, std::atomic<long>& clock) {
  const auto& w = e.request;
  const auto& first = w.operations.front();
  const call_options o{.timeout = deadline_of(w)};
  switch (w.what) {
  case work::kind::execute:
    return ask<write_result>(self, engine, execute_request{first.sql, first.parameters, o}, e,
                             clock);
  case work::kind::fetch:
    return ask<rows>(self, engine, fetch_request{first.sql, first.parameters, o}, e, clock);
  case work::kind::batch:
    return ask<batch_result>(self, engine, batch_request{first.sql, w.sets, o}, e, clock);
  case work::kind::transaction:
    return ask<transaction_result>(self, engine, transaction_request{w.operations, o}, e, clock);
  default:
    return ask<script_result>(self, engine,
                              script_request{first.sql,
                                             w.what == work::kind::script
                                                 ? script_mode::all_or_nothing
                                                 : script_mode::continue_on_error,
                                             o},
                              e, clock);
  }
}

// -- the run --------------------------------------------------------------------------------------

constexpr std::size_t facade_senders = 5;
constexpr std::size_t handle_senders = 3;
constexpr std::size_t in_the_air = 8;

/// The engine, in this process or behind a port, as both kinds of senders see it.
struct place {
  db_engine* db;
  caf::actor_system* system;
  std::function<engine_actor()> handle;
};

void send(const place& to, request_log& h, std::size_t sender, std::atomic<long>& clock) {
  if (sender < facade_senders) {
    for (auto& e : h)
      if (e.sender == sender)
        send_by_facade(*to.db, e, clock);
    return;
  }
  auto engine = to.handle();
  caf::scoped_actor self{*to.system};
  caf::logger::set_current_actor_system(nullptr);
  std::deque<std::function<void()>> pending;
  for (auto& e : h) {
    if (e.sender != sender)
      continue;
    pending.push_back(send_by_handle(self, engine, e, clock));
    if (pending.size() == in_the_air) {
      pending.front()();
      pending.pop_front();
    }
  }
  for (auto& p : pending)
    p();
}

// True if the request may have an id and be repeated under it. VACUUM runs in no transaction that
// could hold its record, and a script that continues after errors is not one transaction.
bool may_be_repeated(const work& w) {
  return !w.reads && !w.forbidden && !w.endless && w.what != work::kind::script_each &&
         w.what != work::kind::nested && w.operations.front().sql != "VACUUM";
}

struct outcome {
  request_log told;
  std::string tables;
  statistics stats;
  int answered_again = 0; // from the record of an id
};

// Adds random requests of all senders, some of them to be repeated under their id. Returns the
// number of different requests.
int add_requests(request_log& told, bool remote, unsigned seed, long count) {
  std::mt19937 random(seed);
  int id = 0;
  std::vector<std::vector<work>> to_repeat(facade_senders);
  for (long i = 0; i < count; ++i)
    for (std::size_t s = 0; s < facade_senders + handle_senders; ++s) {
      logged_request e;
      e.sender = s;
      if (s < facade_senders && !to_repeat[s].empty() && random() % 3 == 0) {
        e.request = std::move(to_repeat[s].back());
        to_repeat[s].pop_back();
        told.push_back(std::move(e));
        continue;
      }
      do
        e.request = random_work(id, random);
      while ((remote || s >= facade_senders) &&
             e.request.what == work::kind::nested); // a lambda cannot be sent
      if (s < facade_senders && may_be_repeated(e.request) && random() % 6 == 0) {
        e.request.key = "id " + std::to_string(id);
        to_repeat[s].push_back(e.request);
      }
      ++id;
      told.push_back(std::move(e));
    }
  return id;
}

outcome play(const std::string& url, bool remote, unsigned seed, long count) {
  std::atomic<long> clock{0};
  outcome result;
  const int ids = add_requests(result.told, remote, seed, count);
  drawn_numbers ticks(static_cast<std::size_t>(ids));
  options o;
  o.num_workers = 2;
  o.functions.push_back({.name = "tick",
                         .arguments = 1,
                         .deterministic = false,
                         .call = [&](std::span<const value_ref> x) {
                           ticks.add(static_cast<std::size_t>(x[0].integer), ++clock);
                           return value(1);
                         }});
  const auto run = [&](const place& at) {
    auto& db = *at.db;
    db.execute_script(work_schema);
    std::vector<std::thread> threads;
    for (std::size_t s = 0; s < facade_senders + handle_senders; ++s)
      threads.emplace_back([&, s] { send(at, result.told, s, clock); });
    for (auto& t : threads)
      t.join();
    std::set<std::string> done;
    for (auto& e : result.told) {
      e.ran = ticks.last_within(e);
      if (e.request.key.empty() || e.outcome != dbengine::outcome::not_run ||
          e.answer.starts_with("error") || e.answer.starts_with("refused"))
        continue;
      result.answered_again += done.insert(e.request.key).second ? 0 : 1;
    }
    result.tables = dump_of(db);
    result.stats = db.get_stats();
    CAF_CHECK(db.integrity_check().empty());
    CAF_CHECK(eventually([&] { return db.health().ok; }));
  };
  if (remote) {
    over_the_wire wire(url, o);
    run({&wire.facade(), &wire.handles(), [&] { return wire.connect(); }});
  } else {
    db_engine db(url, o);
    auto& home = dynamic_cast<dbengine::actors::facade::local_backend&>(db.backend()).engine();
    run({&db, &home->system(),
         [&] { return dbengine::actors::system::engine_handle::make(home); }});
  }
  return result;
}

void show(const std::vector<std::string>& found, unsigned seed) {
  if (found.empty())
    return;
  std::fprintf(stderr, "seed %u, %zu problems, the first:\n", seed, found.size());
  for (std::size_t i = 0; i < found.size() && i < 4; ++i)
    std::fprintf(stderr, "%s\n", found[i].substr(0, 4000).c_str());
}

unsigned seed_of_this_run() {
  const auto seed = static_cast<unsigned>(
      from_environment("DBENGINE_PROPERTY_SEED", static_cast<long>(std::random_device{}())));
  std::printf("DBENGINE_PROPERTY_SEED=%u\n", seed);
  return seed;
}

} // namespace

namespace {

void compare_with_plain_sqlite(bool remote) {
  const auto count = from_environment("DBENGINE_PROPERTY_COUNT", 150);
  auto seed = seed_of_this_run();
  for (const bool memory : {false, true}) {
    const engine_folder folder;
    auto r = play(memory ? "sqlite://" : folder.url(), remote, seed, count);
    const auto found = problems_of(r.told, r.tables);
    show(found, seed);
    CAF_CHECK(found.empty());
    // The run was of the intended kind: groups formed, and some were rolled back and rerun one by
    // one.
    CAF_CHECK(r.stats.largest_group > 1);
    CAF_CHECK(r.stats.groups_rerun > 0);
    CAF_CHECK(r.stats.errors > 0 && r.stats.timeouts > 0);
    CAF_CHECK(r.answered_again > 0);
    std::printf("  %zu requests, %llu errors, %llu groups of up to %llu, %llu run again\n",
                r.told.size(), static_cast<unsigned long long>(r.stats.errors),
                static_cast<unsigned long long>(r.stats.groups),
                static_cast<unsigned long long>(r.stats.largest_group),
                static_cast<unsigned long long>(r.stats.groups_rerun));
    if (!memory) { // plain SQLite reads the same from the file
      plain_sqlite file((folder.path / "test.db").string());
      CAF_CHECK(file.dump() == r.tables);
    }
    ++seed;
  }
}

} // namespace

CAF_TEST(requests from many senders answer as they would one by one on plain SQLite) {
  compare_with_plain_sqlite(false);
}

CAF_TEST(so do requests over the wire) {
  compare_with_plain_sqlite(true);
}

namespace {

void make_stale(request_log& h) {
  const auto looks = [](const logged_request& e) {
    return e.request.reads && e.request.operations.front().sql == work_fingerprint;
  };
  const auto early = std::find_if(h.begin(), h.end(), looks);
  CAF_REQUIRE(early != h.end());
  auto last = std::find_if(h.rbegin(), h.rend(), [&](const logged_request& e) {
    return looks(e) && e.answer != early->answer;
  });
  CAF_REQUIRE(last != h.rend());
  last->answer = early->answer;
}

} // namespace

CAF_TEST(the comparison finds a history that is not true) {
  const auto seed = seed_of_this_run();
  const auto r = play("sqlite://", false, seed, 160);
  const auto found = problems_of(r.told, r.tables);
  show(found, seed);
  CAF_REQUIRE(found.empty());
  // The request writes to a table whose trigger records each insert, so it leaves a trace even if
  // its row is gone.
  const auto written = [](const logged_request& e) {
    return e.ran != 0 && e.request.what == work::kind::execute && e.request.key.empty() &&
           e.request.operations.front().sql.find("INTO t ") != std::string::npos &&
           e.answer.starts_with("changes 1 rowid ") && !e.answer.ends_with(" 0");
  };
  const auto first = std::find_if(r.told.begin(), r.told.end(), written);
  CAF_REQUIRE(first != r.told.end());
  const auto at = static_cast<std::size_t>(first - r.told.begin());
  { // a request that ran is missing in the log
    auto h = r.told;
    h.erase(h.begin() + static_cast<std::ptrdiff_t>(at));
    CAF_CHECK(!problems_of(h, r.tables).empty());
  }
  { // the answer of another request
    auto h = r.told;
    h[at].answer += "1";
    CAF_CHECK(!problems_of(h, r.tables).empty());
  }
  { // a repeated id got another answer the second time
    auto h = r.told;
    const auto again = std::find_if(h.rbegin(), h.rend(), [](const logged_request& e) {
      return !e.request.key.empty() && e.ran == 0 && e.answer.starts_with("changes 1 rowid ");
    });
    CAF_REQUIRE(again != h.rend());
    again->answer += "1";
    CAF_CHECK(!problems_of(h, r.tables).empty());
  }
  { // answered as done, but undone
    auto h = r.told;
    const auto refused = std::find_if(h.begin(), h.end(), [](const logged_request& e) {
      return e.answer.starts_with("error 2067 "); // a UNIQUE constraint
    });
    CAF_REQUIRE(refused != h.end());
    refused->answer = "changes 1 rowid 1";
    CAF_CHECK(!problems_of(h, r.tables).empty());
  }
  { // another order
    auto h = r.told;
    for (auto& e : h)
      e.ran = e.ran == 0 ? 0 : 1'000'000 - e.ran;
    CAF_CHECK(!problems_of(h, r.tables).empty());
  }
  { // a stale read: its answer was true only long before its call
    auto h = r.told;
    make_stale(h);
    CAF_CHECK(!problems_of(h, r.tables).empty());
  }
  { // a row in the tables that no request wrote
    CAF_CHECK(!problems_of(r.told, r.tables + "i1\n").empty());
  }
}
