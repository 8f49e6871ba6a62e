// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of kill -9 of either side at random moments under load: 200 servers and 200 clients.
// DBENGINE_REMOTE_KILLS sets another number.
//
// Every second kill comes at any moment, including during a reconnection. Before each of the
// others, a write was acknowledged, so that the load continues on a busy machine, too.
//
// time   server            2 clients (4 threads each)    test
//  |     serves            writes, acknowledged or not
//  |     killed            calls fail, or wait           starts it again on the same port
//  v     serves            tries again, with its id      at the end: every acknowledged row once

#include "support/engine/engine_fixture.hpp"
#include "support/wire/remote_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <poll.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

int kills() {
  const char* wanted = std::getenv("DBENGINE_REMOTE_KILLS");
  return wanted != nullptr ? std::atoi(wanted) : 200;
}

void wait(std::mt19937& random, int most) {
  ::poll(nullptr, 0, std::uniform_int_distribution<int>(0, most)(random));
}

struct outcome {
  int acknowledged = 0;
  int missing = 0;
  int doubled = 0;
  int complaints = 0;
};

/// Compares the answers to the clients with the contents of the file.
outcome compare(const std::string& url,
                const std::map<std::string, std::vector<std::string>>& said) {
  outcome o;
  db_engine db(url);
  for (const auto& [client, lines] : said)
    for (const auto& line : lines) {
      int thread = 0;
      int number = 0;
      if (std::sscanf(line.c_str(), "ack %d %d", &thread, &number) == 2) {
        ++o.acknowledged;
        o.missing += db.fetch_value<int>(
                         "SELECT count(*) FROM log WHERE client = ? AND thread = ? AND number = ?",
                         client, thread, number) == 0;
      } else if (line != "ready") {
        ++o.complaints;
        CAF_MESSAGE(client << ": " << line);
      }
    }
  o.doubled =
      db.fetch_value<int>("SELECT count(*) FROM (SELECT 1 FROM log GROUP BY client, thread, "
                          "number HAVING count(*) > 1)")
          .value();
  CAF_CHECK(db.integrity_check().empty());
  return o;
}

void make_table(const std::string& url) {
  db_engine(url).execute("CREATE TABLE log (client TEXT, thread INTEGER, number INTEGER)");
  db_engine(url).execute("CREATE INDEX log_i ON log (client, thread, number)");
}

bool is_ack(const std::string& line) {
  return line.starts_with("ack ");
}

/// A client process whose output is read all the time: a full pipe would block it.
class writer {
public:
  writer(const server& to, std::string name, const std::string& ids, std::atomic<int>& acknowledged)
      : name_(std::move(name)),
        process_({DBENGINE_BIN_DIR "/remote_client", to.address(), "writer", name_, ids}) {
    CAF_REQUIRE_EQUAL(process_.line(), "ready");
    reader_ = std::thread([this, &acknowledged] {
      for (auto line = process_.line(); !line.empty(); line = process_.line()) {
        acknowledged += is_ack(line);
        lines_.push_back(std::move(line));
      }
    });
  }
  ~writer() {
    process_.close_input();
    if (reader_.joinable())
      reader_.join();
  }
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  /// Lets the process end, and collects what it printed.
  void end(std::map<std::string, std::vector<std::string>>& said) {
    process_.close_input();
    reader_.join();
    CAF_CHECK_EQUAL(process_.end(), 0);
    said[name_] = std::move(lines_);
  }

private:
  std::string name_;
  child_process process_;
  std::vector<std::string> lines_;
  std::thread reader_;
};

/// Runs two clients, and a server that is killed `times` times.
outcome kill_servers(const std::string& ids, int times, std::uint32_t seed) {
  engine_folder folder;
  make_table(folder.url());
  std::mt19937 random(seed);
  auto s = std::make_unique<server>(folder.url());
  CAF_REQUIRE_EQUAL(s->trouble(), "");
  const auto port = s->port();
  std::atomic<int> acknowledged{0};
  writer one(*s, "one", ids, acknowledged);
  writer two(*s, "two", ids, acknowledged);
  for (int i = 0; i < times; ++i) {
    if (i % 2 == 1)
      CAF_CHECK(comes_soon([&, before = acknowledged.load()] { return acknowledged > before; }));
    wait(random, 60);
    s->kill();
    s = std::make_unique<server>(folder.url(),
                                 std::vector<std::string>{"--port=" + std::to_string(port)});
    if (!s->trouble().empty())
      break;
  }
  // The end of a client may have to wait for a call that waits for the connection.
  wait(random, 200);
  std::map<std::string, std::vector<std::string>> said;
  one.end(said);
  two.end(said);
  CAF_CHECK_EQUAL(s->trouble(), "");
  CAF_CHECK_EQUAL(s->end(), 0);
  s.reset();
  return compare(folder.url(), said);
}

} // namespace

CAF_TEST(a server that is killed loses nothing acknowledged and doubles nothing with ids) {
  const auto o = kill_servers("ids", kills(), 1);
  std::printf("  %d servers killed, %d writes acknowledged, %d missing, %d doubled\n", kills(),
              o.acknowledged, o.missing, o.doubled);
  CAF_CHECK_GREATER_OR_EQUAL(o.acknowledged, kills() / 2);
  CAF_CHECK_EQUAL(o.missing, 0);
  CAF_CHECK_EQUAL(o.doubled, 0);
  CAF_CHECK_EQUAL(o.complaints, 0);
}

// Negative control: the same without ids doubles rows, so the suite would detect it.
CAF_TEST(without ids a retry after a lost answer doubles) {
  int doubled = 0;
  for (std::uint32_t round = 0; round < 10 && doubled == 0; ++round) {
    const auto o = kill_servers("no-ids", 25, 100 + round);
    CAF_CHECK_EQUAL(o.missing, 0);
    doubled = o.doubled;
  }
  CAF_CHECK_GREATER(doubled, 0);
}

CAF_TEST(clients that are killed lose nothing acknowledged and leave nothing behind) {
  engine_folder folder;
  make_table(folder.url());
  std::mt19937 random(2);
  server s(folder.url());
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  std::map<std::string, std::vector<std::string>> said;
  for (int i = 0; i < kills(); ++i) {
    const auto name = "c" + std::to_string(i);
    child_process client({DBENGINE_BIN_DIR "/remote_client", s.address(), "writer", name, "ids"});
    CAF_REQUIRE_EQUAL(client.line(), "ready");
    auto& lines = said[name];
    if (i % 2 == 1)
      CAF_CHECK(is_ack(lines.emplace_back(client.line())));
    wait(random, 40);
    client.kill();
    const auto rest = client.rest();
    lines.insert(lines.end(), rest.begin(), rest.end());
  }
  {
    auto db = db_engine::connect(s.address());
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT 1").value_or(0), 1);
  }
  CAF_CHECK_EQUAL(s.cursors(), 0);
  CAF_CHECK_EQUAL(s.end(), 0);
  const auto o = compare(folder.url(), said);
  std::printf("  %d clients killed, %d writes acknowledged, %d missing, %d doubled\n", kills(),
              o.acknowledged, o.missing, o.doubled);
  CAF_CHECK_GREATER_OR_EQUAL(o.acknowledged, kills() / 2);
  CAF_CHECK_EQUAL(o.missing, 0);
  CAF_CHECK_EQUAL(o.doubled, 0);
  CAF_CHECK_EQUAL(o.complaints, 0);
}
