// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Measures a published engine beside a plain CAF echo actor on the same wire: single round trips,
// 100 requests in flight, and a cursor of a million rows beside strings of the same size. Each
// server has its own actor system in this process; all traffic goes over loopback.
//
// bench-remote [--rounds N] [--json FILE] [--tls FOLDER]: medians of N rounds (5), each of all
// cases in turn, and the ratio to the echo actor round by round. With a folder of
// scripts/test-certificates it also measures the engine over TLS.

#include "latencies.hpp"
#include "machine.hpp"
#include "settings.hpp"

#include <dbengine/actors/publish.hpp>
#include <dbengine/actors/spawn.hpp>
#include <dbengine/db_engine.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace dbengine::bench;
using steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto per_case = 1s;
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

/// Figures by measured quantity, then by subject; one value per round.
using figures = std::map<std::string, std::map<std::string, std::vector<double>>>;

void one_by_one(figures& to, const std::string& subject, const std::function<void()>& request) {
  for (int i = 0; i < 500; ++i)
    request();
  latencies times;
  for (const auto end = steady::now() + per_case; steady::now() < end;) {
    const auto start = steady::now();
    request();
    times.add(steady::now() - start);
  }
  to["round_trip_p50_us"][subject].push_back(static_cast<double>(times.quantile(0.5).count()) /
                                             1e3);
  to["round_trip_p99_us"][subject].push_back(static_cast<double>(times.quantile(0.99).count()) /
                                             1e3);
}

/// Keeps `outstanding` requests in flight.
template <class Handle, class Request, class Answer>
void pipelined(figures& result, const std::string& subject, caf::actor_system& sys,
               const Handle& to, const Request& request) {
  std::promise<double> rate;
  auto measured = rate.get_future();
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
  result["pipelined_requests_per_s"][subject].push_back(measured.get());
}

double seconds_of(const std::function<void()>& f) {
  const auto start = steady::now();
  f();
  return std::chrono::duration<double>(steady::now() - start).count();
}

/// Reads a million rows and returns their bytes.
std::size_t read_cursor(figures& to, const std::string& subject, const dbengine::db_engine& db) {
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
  to["cursor_rows_per_s"][subject].push_back(rows / took);
  return bytes;
}

/// An engine on a port and its two kinds of clients.
class served {
public:
  served(caf::actor_system& server, caf::actor_system& client, std::string name,
         const dbengine::tls_files& here, const dbengine::tls_files& there)
      : server_(server), client_(client), name_(std::move(name)),
        engine_(dbengine::actors::spawn_engine(server, "sqlite://", {.num_workers = 2})) {
    const auto port = value_of(server, dbengine::actors::publish(server, engine_, {.tls = here}));
    const dbengine::remote_options how{.tls = there};
    db_.emplace(dbengine::db_engine::connect("127.0.0.1:" + std::to_string(port), how));
    far_ = value_of(client, dbengine::actors::connect(client, "127.0.0.1", port, how));
  }
  ~served() {
    db_->shutdown();
    dbengine::actors::shutdown(client_, far_, 5s);
    dbengine::actors::shutdown(server_, engine_, 5s);
  }
  served(const served&) = delete;
  served& operator=(const served&) = delete;

  std::size_t measure(figures& to) {
    one_by_one(to, name_, [&] { db_->fetch("SELECT ?", 1); });
    pipelined<dbengine::engine_actor, dbengine::fetch_request, dbengine::rows>(
        to, name_, client_, far_, {"SELECT ?", {1}, {}});
    return read_cursor(to, name_, *db_);
  }

private:
  caf::actor_system& server_;
  caf::actor_system& client_;
  std::string name_;
  dbengine::engine_actor engine_;
  std::optional<dbengine::db_engine> db_;
  dbengine::engine_actor far_;
};

/// Median, minimum and maximum.
nlohmann::ordered_json spread(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return {{"median", x[x.size() / 2]}, {"min", x.front()}, {"max", x.back()}};
}

/// Creates and prints one row for each figure, with the ratio to the echo actor round by round.
nlohmann::ordered_json table_of(const figures& all) {
  auto result = nlohmann::ordered_json::array();
  for (const auto& [what, subjects] : all) {
    nlohmann::ordered_json row{{"name", what}};
    const auto& bare = subjects.at("echo");
    for (const auto& [subject, values] : subjects) {
      auto& to = row["subjects"][subject] = spread(values);
      to["rounds"] = values;
      std::vector<double> ratios;
      for (std::size_t i = 0; i < values.size(); ++i)
        ratios.push_back(values[i] / bare[i]);
      to["ratio"] = spread(ratios);
      std::printf("%-26s %-12s %12.0f %8.2f (%.2f..%.2f)\n", what.c_str(), subject.c_str(),
                  to["median"].get<double>(), to["ratio"]["median"].get<double>(),
                  to["ratio"]["min"].get<double>(), to["ratio"]["max"].get<double>());
    }
    result.push_back(std::move(row));
  }
  return result;
}

int run(int rounds, const std::string& json, const std::string& certificates) {
  system_config server_config, client_config;
  caf::actor_system server(server_config), client(client_config);
  const auto load_before = load_average();
  const noise_monitor noise;
  figures all;
  {
    served plain(server, client, "engine", {}, {});
    std::optional<served> secure;
    if (!certificates.empty()) {
      const auto files = [&](const std::string& subject) {
        return dbengine::tls_files{certificates + "/" + subject + ".crt",
                                   certificates + "/" + subject + ".key", certificates + "/ca.crt"};
      };
      secure.emplace(server, client, "engine_tls", files("server"), files("client"));
    }
    const auto bare = server.spawn(echo);
    const auto bare_port = value_of(server, server.middleman().publish(bare, 0, "127.0.0.1"));
    const auto bare_far = value_of(client, client.middleman().remote_actor("127.0.0.1", bare_port));
    caf::scoped_actor self(client);
    const auto ask = [&](const std::string& text) {
      self->request(bare_far, caf::infinite, text)
          .receive([](const std::string&) {}, [](const caf::error&) {});
    };
    for (int round = 0; round < rounds; ++round) {
      one_by_one(all, "echo", [&] { ask("x"); });
      pipelined<caf::actor, std::string, std::string>(all, "echo", client, bare_far, "x");
      const auto bytes = plain.measure(all);
      if (secure)
        secure->measure(all);
      // Pages as large as the cursor's, in both directions.
      const std::string page(bytes / (rows / 1000), 'x');
      all["cursor_rows_per_s"]["echo"].push_back(rows / seconds_of([&] {
                                                   for (int i = 0; i < rows / 1000; ++i)
                                                     ask(page);
                                                 }));
    }
    caf::anon_send_exit(bare, caf::exit_reason::user_shutdown);
  }
  const auto others = noise.other_share();
  std::printf("%-26s %-12s %12s %8s\n", "", "", "median", "x echo");
  const nlohmann::ordered_json result{{"program", "bench-remote"},
                                      {"rounds", rounds},
                                      {"machine", describe_machine(".")},
                                      {"load_average_before", load_before},
                                      {"foreign_share", others},
                                      {"noisy", others > noisy_above},
                                      {"rows", table_of(all)}};
  if (others > noisy_above)
    std::printf("NOISY: other processes took %.0f %% of the machine\n", others * 100);
  if (!json.empty())
    write_json(json, result);
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> given{{"--rounds", "5"}, {"--json", ""}, {"--tls", ""}};
  for (int i = 1; i < argc; i += 2) {
    const auto at = given.find(argv[i]);
    if (at == given.end() || i + 1 == argc) {
      std::fprintf(stderr, "usage: bench-remote [--rounds N] [--json FILE] [--tls FOLDER]\n");
      return 2;
    }
    at->second = argv[i + 1];
  }
  try {
    return run(std::max(1, std::atoi(given["--rounds"].c_str())), given["--json"], given["--tls"]);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench-remote: %s\n", e.what());
    return 2;
  }
}
