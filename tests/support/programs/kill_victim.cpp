// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Loads an engine with every kind of write and records each answer in a file, until it is killed.
//
//   kill_victim FOLDER POINTS careful|early|forgetful SEED
//
// Kills itself at the POINTS-th fault point that it reaches, or never if POINTS is 0. Prints a line
// when the engine is open. Requests that the previous process left unanswered are repeated by their
// ids, or recorded as "either". Negative controls: `early` records the answer before it arrives,
// and `forgetful` repeats without the id.
//
// Request N of client C inserts rows (k = C << 32 | N, part, parts): all `parts` of them or none.
#include "base/fault.hpp"
#include "support/engine/answer_box.hpp"
#include "support/engine/facade_internals.hpp"
#include "support/faults/ack_file.hpp"

#include <dbengine/actors/messages.hpp>

#include <atomic>
#include <csignal>
#include <deque>
#include <random>
#include <thread>

using namespace dbengine;
using namespace dbengine::test;

namespace {

std::atomic<long> points_left{0};

void at_point(std::string_view) {
  if (points_left.load(std::memory_order_relaxed) > 0 && points_left.fetch_sub(1) == 1)
    (void)raise(SIGKILL);
}

constexpr const char* insert = "INSERT INTO w (k, part, parts) VALUES (?, ?, ?)";
constexpr int facade_clients = 6;
constexpr int message_clients = 2;

struct victim {
  db_engine db;
  ack_file acks;
  std::map<int, std::map<std::int64_t, std::int32_t>> told;
  bool early;
  bool forgetful;
  unsigned seed;

  static std::int64_t key(int client, std::int64_t n) { return (std::int64_t{client} << 32) | n; }
  void note(int client, std::int64_t n, ack::said s) const { acks.append({client, s, n}); }
  static ack::said said(const error_info& e) {
    return e.outcome == outcome::unknown ? ack::either : ack::not_done;
  }

  std::int64_t last_of(int client) const {
    const auto it = told.find(client);
    return it == told.end() ? 0 : it->second.rbegin()->first;
  }

  void facade_client(int client) {
    std::minstd_rand random(seed + static_cast<unsigned>(client));
    const bool repeats = client <= repeating_clients;
    auto n = last_of(client) + 1;
    if (!repeats)
      note(client, n++, ack::either);
    for (;; ++n) {
      if (early)
        note(client, n, ack::done);
      try {
        if (repeats)
          once(client, n);
        else
          write(client, n, static_cast<unsigned>(random()) / 16 % 100);
        if (!early)
          note(client, n, ack::done);
      } catch (const error& e) {
        note(client, n, said(e.info()));
      }
    }
  }

  // The same id has the same statement in every process.
  void once(int client, std::int64_t n) {
    const auto id = std::to_string(client) + "-" + std::to_string(n);
    if (forgetful)
      db.execute(insert, key(client, n), 1, 1);
    else if (client == 1)
      db.with_id(id).execute(insert, key(client, n), 1, 1);
    else
      db.with_id(id).execute_transaction({operation::execute(insert, key(client, n), 1, 2),
                                          operation::execute(insert, key(client, n), 2, 2)});
  }

  void write(int client, std::int64_t n, unsigned dice) {
    const auto k = key(client, n);
    if (dice < 40) {
      db.execute(insert, k, 1, 1);
    } else if (dice < 55) {
      const std::vector<params> sets{params::of(k, 1, 3), params::of(k, 2, 3), params::of(k, 3, 3)};
      db.execute_many(insert, sets);
    } else if (dice < 70) {
      db.execute_transaction({operation::execute(insert, k, 1, 2),
                              operation::fetch("SELECT count(*) FROM w WHERE k = ?", k),
                              operation::execute(insert, k, 2, 2)});
    } else if (dice < 80) {
      const auto text = std::to_string(k);
      db.execute_script("INSERT INTO w VALUES (" + text + ", 1, 2); INSERT INTO w VALUES (" + text +
                        ", 2, 2);");
    } else if (dice < 90) {
      db.write([&](transaction& tx) {
        tx.execute(insert, k, 1, 2);
        tx.execute(insert, k, 2, 2);
      });
    } else if (dice < 96) {
      db.execute(insert, k, 1, 1);
      auto c = db.cursor("SELECT k FROM w", {}, 100);
      c.next();
      c.next();
    } else {
      db.execute(insert, k, 1, 1);
      db.checkpoint(dice < 98 ? checkpoint_mode::truncate : checkpoint_mode::passive);
    }
  }

  // Several requests in flight, which form the groups.
  void message_client(int client, const engine_actor& engine, caf::actor_system& sys) {
    const auto box = answer_box::make(sys);
    auto n = last_of(client) + 1;
    for (std::int64_t i = 0; i < ack_window; ++i)
      note(client, n++, ack::either);
    std::deque<std::pair<std::int64_t, std::uint64_t>> under_way;
    for (;;) {
      while (under_way.size() < static_cast<std::size_t>(ack_window)) {
        const auto k = key(client, n);
        const auto number =
            n % 4 == 0
                ? box->send(engine, transaction_request{{operation::execute(insert, k, 1, 2),
                                                         operation::execute(insert, k, 2, 2)}})
                : box->send(engine, execute_request{insert, params::of(k, 1, 1)});
        if (early)
          note(client, n, ack::done);
        under_way.emplace_back(n++, number);
      }
      const auto [first, number] = under_way.front();
      under_way.pop_front();
      caf::message m;
      if (!box->wait(number, std::chrono::seconds(60), m))
        std::_Exit(4);
      const auto failure = failure_in(m);
      if (failure.code != errc::none)
        note(client, first, said(failure));
      else if (!early)
        note(client, first, ack::done);
    }
  }
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 5)
    return 2;
  const std::filesystem::path folder = argv[1];
  points_left = std::atol(argv[2]);
  const std::string_view mode = argv[3];
#ifdef DBENGINE_FAULTS
  base::fault::set_hook(at_point);
#else
  (void)at_point;
#endif
  try {
    const auto told = ack_file::read(folder / "acks");
    victim v{db_engine("sqlite:///" + (folder / "kill.db").string(),
                       {.num_workers = 1, .cache_size = 1 << 20}),
             ack_file(folder / "acks"),
             told,
             mode == "early",
             mode == "forgetful",
             static_cast<unsigned>(std::atol(argv[4]))};
    v.db.execute("CREATE TABLE IF NOT EXISTS w (k INTEGER NOT NULL, part INTEGER, parts INTEGER)");
    v.db.execute("CREATE INDEX IF NOT EXISTS w_k ON w (k)");
    std::puts("begun");
    std::fflush(stdout);
    const auto handle = handle_of(v.db);
    std::vector<std::thread> threads;
    int client = 1;
    for (int i = 0; i < facade_clients; ++i, ++client)
      threads.emplace_back([&v, client] { v.facade_client(client); });
    for (int i = 0; i < message_clients; ++i, ++client)
      threads.emplace_back(
          [&, client] { v.message_client(client, handle, engine_system_of(v.db)->system()); });
    for (auto& t : threads)
      t.join();
  } catch (const error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
