// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A published engine beside a bare CAF echo actor on the same wire: round trips one by one, 100 requests under way, and a cursor of a
// million rows beside strings of the same size. Both servers have an actor system of their own in this process; all goes over loopback.

#include "latencies.hpp"
#include "machine.hpp"

#include <dbengine/actors/publish.hpp>
#include <dbengine/actors/spawn.hpp>
#include <dbengine/db_engine.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <cstdio>
#include <functional>
#include <future>
#include <stdexcept>

namespace {

using namespace dbengine::bench;
using steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto per_case = 2s;
constexpr int outstanding = 100;
constexpr int rows = 1'000'000;
constexpr const char* million =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1000000) "
    "SELECT x, 'row number ' || x FROM c";

struct system_config : caf::actor_system_config {
  system_config() {
    load<caf::io::middleman>();
    set("scheduler.policy", caf::atom("sharing"));
    dbengine::actors::setup(*this);
  }
};

template <class T>
T value_of(caf::actor_system& sys, caf::expected<T> x) {
  if (!x)
    throw std::runtime_error(sys.render(x.error()));
  return std::move(*x);
}

caf::behavior echo(caf::event_based_actor*) {
  return {[](std::string& s) { return std::move(s); }};
}

void tell(const char* what, const latencies& times) {
  std::printf("%-34s p50 %6.0f us   p99 %6.0f us\n", what,
              static_cast<double>(times.quantile(0.5).count()) / 1e3,
              static_cast<double>(times.quantile(0.99).count()) / 1e3);
}

void one_by_one(const char* what, const std::function<void()>& request) {
  for (int i = 0; i < 500; ++i)
    request();
  latencies times;
  for (const auto end = steady::now() + per_case; steady::now() < end;) {
    const auto start = steady::now();
    request();
    times.add(steady::now() - start);
  }
  tell(what, times);
}

/// Keeps `outstanding` requests under way.
template <class Handle, class Request, class Answer>
void pipelined(const char* what, caf::actor_system& sys, const Handle& to, const Request& request) {
  std::promise<double> rate;
  auto told = rate.get_future();
  sys.spawn([&](caf::event_based_actor* self) {
    struct pump {
      std::uint64_t answered = 0;
      int under_way = 0;
      steady::time_point start = steady::now();
      std::function<void()> ask;
    };
    auto p = std::make_shared<pump>();
    const auto done = [self, p, &rate] {
      ++p->answered;
      --p->under_way;
      const auto took = steady::now() - p->start;
      if (took < per_case)
        return p->ask();
      if (p->under_way > 0)
        return;
      rate.set_value(static_cast<double>(p->answered) /
                     std::chrono::duration<double>(took).count());
      p->ask = nullptr;
      self->quit();
    };
    p->ask = [self, p, done, to, request] {
      ++p->under_way;
      self->request(to, caf::infinite, request)
          .then([done](const Answer&) { done(); }, [done](const caf::error&) { done(); });
    };
    for (int i = 0; i < outstanding; ++i)
      p->ask();
  });
  std::printf("%-34s %.0f requests/s\n", what, told.get());
}

double seconds_of(const std::function<void()>& f) {
  const auto start = steady::now();
  f();
  return std::chrono::duration<double>(steady::now() - start).count();
}

int run() {
  system_config server_config, client_config;
  caf::actor_system server(server_config), client(client_config);
  const noise_watch noise;
  {
    const auto engine = dbengine::actors::spawn_engine(server, "sqlite://", {.num_workers = 2});
    const auto port = value_of(server, dbengine::actors::publish(server, engine));
    auto db = dbengine::db_engine::connect("127.0.0.1:" + std::to_string(port));
    const auto far = value_of(client, dbengine::actors::connect(client, "127.0.0.1", port));
    const auto bare = server.spawn(echo);
    const auto bare_port = value_of(server, server.middleman().publish(bare, 0, "127.0.0.1"));
    const auto bare_far = value_of(client, client.middleman().remote_actor("127.0.0.1", bare_port));
    caf::scoped_actor self(client);

    one_by_one("echo, one by one", [&] {
      self->request(bare_far, caf::infinite, std::string("x"))
          .receive([](const std::string&) {}, [](const caf::error&) {});
    });
    one_by_one("engine, one by one (SELECT ?)", [&] { db.fetch("SELECT ?", 1); });
    pipelined<caf::actor, std::string, std::string>("echo, 100 under way", client, bare_far, "x");
    pipelined<dbengine::engine_actor, dbengine::fetch_request, dbengine::rows>(
        "engine, 100 under way (SELECT ?)", client, far, {"SELECT ?", {1}, {}});

    std::size_t bytes = 0;
    std::size_t seen = 0;
    const auto took = seconds_of([&] {
      auto cursor = db.cursor(million);
      for (auto r = cursor.next(); !r.empty(); r = cursor.next()) {
        seen += r.size();
        bytes += r.arena()->memory();
      }
    });
    if (seen != rows)
      throw std::runtime_error("the cursor gave " + std::to_string(seen) + " rows");
    std::printf("%-34s %.0f rows/s\n", "engine, cursor of a million rows", rows / took);
    const std::string page(bytes / (rows / 1000), 'x');
    const auto echoed = seconds_of([&] {
      for (int i = 0; i < rows / 1000; ++i)
        self->request(bare_far, caf::infinite, page)
            .receive([](const std::string&) {}, [](const caf::error&) {});
    });
    std::printf("%-34s %.0f rows/s (both ways)\n", "echo, pages of the same size", rows / echoed);
    db.shutdown();
    dbengine::actors::shutdown(server, engine, 5s);
    caf::anon_send_exit(bare, caf::exit_reason::user_shutdown);
  }
  if (const auto share = noise.other_share(); share > noisy_above)
    std::printf("NOISY: other processes took %.0f %% of the machine\n", share * 100);
  return 0;
}

} // namespace

int main() {
  try {
    return run();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench-remote: %s\n", e.what());
    return 2;
  }
}
