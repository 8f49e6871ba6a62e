// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A client for kill tests.
//
//   remote_client ADDRESS writer NAME ids|no-ids
//   remote_client ADDRESS cursor
//
// writer: four threads insert (NAME, thread, number) into `log` one after the other, and print "ack
// thread number" for each acknowledged insert. A failed insert is retried, with ids under the same
// id. "slow milliseconds" reports a call that took longer than its deadline allows. With ids, a
// cursor and a count over the thread's rows follow every fourth write: "wrong …" reports rows that
// are missing, doubled or out of order. Ends at the end of its input.
//
// cursor: opens a cursor, reads one batch, prints "open", and waits for the end of its input.

#include <dbengine/db_engine.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace dbengine;
using namespace std::chrono_literals;

constexpr auto deadline = 10s;
/// The deadline plus the grace for the server's final answer, on a loaded machine.
constexpr auto allowed = deadline + 5s;

void say(const std::string& line) {
  const auto all = line + "\n";
  if (::write(1, all.data(), all.size()) != static_cast<ssize_t>(all.size()))
    ::_exit(3); // a line is written whole or not at all: shorter than PIPE_BUF
}

void wait_for_end_of_input() {
  for (char c = 0; ::read(0, &c, 1) > 0;) {
  }
}

/// The errors that the loss of a connection may cause.
bool is_loss(errc code) {
  return code == errc::unreachable || code == errc::outcome_unknown || code == errc::shut_down ||
         code == errc::timeout ||
         code == errc::invalid_state; // of a cursor whose connection is gone
}

/// Reads the thread's rows up to `number`, by a cursor and by a count: each once, in order, none
/// missing.
void read_back(const db_engine& db, const std::string& name, int thread, int number) {
  const int first = number > 40 ? number - 40 : 0;
  const auto own = params::of(name, thread, first);
  try {
    int next = first;
    auto c = db.cursor("SELECT number FROM log WHERE client = ? AND thread = ? AND number >= ? "
                       "ORDER BY number",
                       own, 7);
    for (auto r = c.next(); !r.empty(); r = c.next())
      for (const auto& x : r)
        if (const auto found = x[0].as<int>(); found != next++)
          return say("wrong row " + std::to_string(found) + " in the place of " +
                     std::to_string(next - 1));
    if (next != number + 1)
      say("wrong end of a cursor " + std::to_string(next) + " in the place of " +
          std::to_string(number + 1));
    const auto count = db.with_timeout(deadline).fetch_value<int>(
        "SELECT count(*) FROM log WHERE client = ? AND thread = ? AND number >= ?", name, thread,
        first);
    if (count.value_or(-1) != number + 1 - first)
      say("wrong count " + std::to_string(count.value_or(-1)));
  } catch (const error& e) {
    if (!is_loss(e.code()))
      say("failed " + std::string(e.what()));
  }
}

void write_on(const db_engine& db, const std::string& name, int thread, bool ids,
              const std::atomic<bool>& stop) {
  for (int number = 0; !stop; ++number) {
    const auto id = name + "-" + std::to_string(thread) + "-" + std::to_string(number);
    for (bool done = false; !done && !stop;) {
      request_options o{.timeout = deadline};
      if (ids)
        o.id = id;
      const auto start = std::chrono::steady_clock::now();
      try {
        db.with(o).execute("INSERT INTO log (client, thread, number) VALUES (?, ?, ?)", name,
                           thread, number);
        done = true;
      } catch (const error& e) {
        // Any other error is not caused by the connection.
        if (!is_loss(e.code()) || e.code() == errc::invalid_state)
          say("failed " + std::string(e.what()));
      }
      const auto took = std::chrono::steady_clock::now() - start;
      if (took > allowed)
        say("slow " + std::to_string(took / 1ms));
    }
    if (!stop)
      say("ack " + std::to_string(thread) + " " + std::to_string(number));
    if (!stop && ids && number % 4 == 3)
      read_back(db, name, thread, number);
  }
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 3)
    return 2;
  const std::string what = argv[2];
  try {
    const auto db = db_engine::connect(argv[1]);
    if (what == "cursor") {
      auto c = db.cursor("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < "
                         "1000000) SELECT x FROM c",
                         {}, 10);
      static_cast<void>(c.next());
      say("open");
      wait_for_end_of_input();
      return 0;
    }
    if (argc < 5)
      return 2;
    say("ready");
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back(
          [&, t] { write_on(db, argv[3], t, std::string(argv[4]) == "ids", stop); });
    wait_for_end_of_input();
    stop = true;
    for (auto& t : threads)
      t.join();
  } catch (const error& e) {
    say(std::string("failed ") + e.what());
    return 1;
  }
  return 0;
}
