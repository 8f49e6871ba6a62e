// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of `dbengine serve --listen`: peers work on its databases, and its end loses nothing that
// was answered.
//
//   4 peers                              server
//   INSERT a new number ------------->  commits, answers
//   record the answer <----------------
//                                        SIGTERM: drains, ends with 0
//   an error: stop
//   then: every number that was answered is in the file

#include "support/engine/engine_fixture.hpp"
#include "support/process/program.hpp"
#include "support/wire/http.hpp"

#include <dbengine/db_engine.hpp>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include <nlohmann/json.hpp>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using json = nlohmann::json;

namespace {

struct server {
  std::unique_ptr<program> run;
  std::string where;
  std::uint16_t http = 0;
};

server start(std::vector<std::string> words) {
  words.insert(words.begin(), {"serve", "--http", "0"});
  server s{.run = std::make_unique<program>(words), .where = {}};
  if (!s.run->says("ready: "))
    CAF_FAIL("the server does not start: " << s.run->err());
  s.where = "127.0.0.1:" + std::to_string(port_behind(s.run->err(), "published at 127.0.0.1:"));
  s.http = port_behind(s.run->err(), "http://127.0.0.1:");
  return s;
}

// Counts the numbers that were answered and are not in the file.
std::size_t lost(const std::set<std::int64_t>& told, const std::filesystem::path& file) {
  db_engine db(file.string());
  std::set<std::int64_t> kept;
  for (const auto& r : db.fetch("SELECT id FROM t"))
    kept.insert(r[0].as<std::int64_t>());
  std::size_t n = 0;
  for (const auto id : told)
    n += kept.contains(id) ? 0 : 1;
  return n;
}

} // namespace

CAF_TEST(an end under load loses nothing that was answered) {
  const engine_folder folder;
  const auto file = folder.path / "a.db";
  db_engine(file.string()).execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  auto s = start({file.string(), "--listen", "0"});
  std::mutex mutex;
  std::set<std::int64_t> told;
  std::vector<std::string> ends;
  std::vector<std::thread> peers;
  for (std::int64_t p = 0; p < 4; ++p)
    peers.emplace_back([&, p] {
      std::string end;
      try {
        auto db = db_engine::connect(s.where);
        for (std::int64_t id = p * 1'000'000;; ++id) {
          db.with_timeout(std::chrono::seconds(5)).execute("INSERT INTO t VALUES (?)", id);
          const std::lock_guard lock(mutex);
          told.insert(id);
        }
      } catch (const error& e) {
        end = to_string(e.code());
      }
      const std::lock_guard lock(mutex);
      ends.push_back(end);
    });
  CAF_CHECK(wait_until([&] {
    const std::lock_guard lock(mutex);
    return told.size() > 2'000;
  }));
  s.run->signal(SIGTERM);
  CAF_CHECK_EQUAL(s.run->wait(), 0);
  for (auto& p : peers)
    p.join();
  for (const auto& end : ends)
    if (end != "shut_down" && end != "unreachable" && end != "outcome_unknown" && end != "timeout")
      CAF_ERROR("a peer ended with " << end << "\n" << s.run->err());
  CAF_CHECK_EQUAL(ends.size(), 4u);
  CAF_CHECK_EQUAL(lost(told, file), 0u);
  // Negative control: a number that is removed is counted as lost.
  db_engine(file.string()).execute("DELETE FROM t WHERE id = ?", *told.begin());
  CAF_CHECK_EQUAL(lost(told, file), 1u);
}

CAF_TEST(a second signal ends at once what would drain for long) {
  const engine_folder folder;
  const auto file = folder.path / "a.db", config = folder.path / "dbengine.toml";
  db_engine(file.string()).execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  std::ofstream(config) << "[engine]\nshutdown_timeout = \"10m\"\n";
  for (const int signal : {SIGTERM, SIGINT}) {
    auto s = start({"-c", config.string(), file.string(), "--listen", "0"});
    program endless({"--connect", s.where, "query", "--timeout", "10m",
                     "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
                     "SELECT count(*) FROM c"});
    CAF_CHECK(wait_until([&] { // until the query runs
      const auto all = json::parse(http(s.http, "/api/stats").body, nullptr, false);
      for (const auto& w : all["databases"][0]["statistics"]["workers"])
        if (w["state"] == "running")
          return true;
      return false;
    }));
    s.run->signal(SIGTERM);
    CAF_CHECK(s.run->says("stopping: draining"));
    s.run->signal(signal);
    CAF_CHECK_EQUAL(s.run->wait(), 130);
    CAF_CHECK(s.run->err().find("stopped\n") == std::string::npos);
    CAF_CHECK(endless.wait() != 0);
    // The file is intact and not locked.
    db_engine(file.string()).execute("INSERT INTO t DEFAULT VALUES");
  }
  CAF_CHECK_EQUAL(db_engine(file.string()).fetch_value<int>("SELECT count(*) FROM t"), 2);
}

CAF_TEST(the pages report what peers see) {
  const engine_folder folder;
  const auto s = start({(folder.path / "a.db").string(), "--listen", "0"});
  auto db = db_engine::connect(s.where);
  db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  for (int i = 0; i < 10; ++i)
    db.execute("INSERT INTO t DEFAULT VALUES");
  json page, stats;
  CAF_CHECK(wait_until([&] {
    const auto before = json::parse(http(s.http, "/api/stats").body, nullptr, false);
    program p({"--connect", s.where, "stats", "-o", "json"});
    CAF_CHECK_EQUAL(p.wait(), 0);
    stats = json::parse(p.out(), nullptr, false);
    page = json::parse(http(s.http, "/api/stats").body, nullptr, false);
    return page["databases"] == before["databases"]; // nothing changed in between
  }));
  const auto& one = page["databases"][0];
  CAF_CHECK(one["listen"] == s.where);
  CAF_CHECK(one["statistics"] == stats["statistics"]);
  CAF_CHECK(one["database"] == stats["database"]);
  CAF_CHECK(one["health"]["workers"] == stats["health"]["workers"]);
  CAF_CHECK(one["statistics"]["classes"]["execute"]["count"] == 11);
}

CAF_TEST(requests of millions of parameters cost no probe its answer) {
  const engine_folder folder;
  const auto s = start({(folder.path / "a.db").string(), "--listen", "0"});
  const params many(std::vector<value>(5'000'000));
  std::atomic<int> under_way{2};
  std::vector<std::jthread> peers;
  for (int p = 0; p < 2; ++p)
    peers.emplace_back([&] {
      const auto db = db_engine::connect(s.where);
      for (int i = 0; i < 2; ++i) // more than a statement may have
        CAF_CHECK(!code_of([&] { db.execute("SELECT 1", many); }).empty());
      --under_way;
    });
  std::size_t probes = 0, answered = 0;
  do {
    answered += http(s.http, "/healthz").status == 200 ? 1 : 0;
    ++probes;
  } while (under_way > 0);
  peers.clear();
  CAF_MESSAGE(probes << " probes");
  CAF_CHECK_EQUAL(answered, probes);
}

CAF_TEST(peers of a read only port only read) {
  const engine_folder folder;
  const auto s = start({(folder.path / "a.db").string(), "--listen", "127.0.0.1:0", "--read-only"});
  auto db = db_engine::connect(s.where);
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT 1"), 1);
  CAF_CHECK_EQUAL(code_of([&] { db.execute("CREATE TABLE t (x)"); }), "read_only");
}

CAF_TEST(
    with a complete set of certificates peers with one of them are served and others told why) {
  const engine_folder folder;
  const auto path = folder.path.string();
  CAF_REQUIRE(make_certificates(path));
  const auto s = start({(folder.path / "a.db").string(), "--listen", "127.0.0.1:0", "--tls-cert",
                        path + "/server.crt", "--tls-key", path + "/server.key", "--tls-ca",
                        path + "/ca.crt"});
  remote_options o;
  o.tls = {path + "/client.crt", path + "/client.key", path + "/ca.crt"};
  const auto db = db_engine::connect(s.where, o);
  db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  CAF_CHECK_EQUAL(db.execute("INSERT INTO t VALUES (1)").changes, 1);
  const auto plain = failure_of([&] { db_engine::connect(s.where); });
  CAF_CHECK(plain.message.find("the server requires TLS") != std::string::npos);
  o.tls = {path + "/foreign.crt", path + "/foreign.key", path + "/ca.crt"};
  CAF_CHECK_EQUAL(code_of([&] { db_engine::connect(s.where, o); }), "protocol");
  // A client that is disconnected is notified and counted.
  CAF_CHECK(s.run->says("a peer at 127.0.0.1 was disconnected: tls_failed"));
  const auto metrics = http(s.http, "/metrics").body;
  const std::string refused = "dbengine_peers_refused_total{database=\"a\",reason=\"tls_failed\"} ";
  CAF_CHECK(metrics.find(refused) != std::string::npos);
  CAF_CHECK(metrics.find(refused + "0") == std::string::npos);
  CAF_CHECK(metrics.find("dbengine_peers{database=\"a\"} 1") != std::string::npos);
}

CAF_TEST(limits of the peers come from the file) {
  const engine_folder folder;
  const auto file = (folder.path / "serve.toml").string();
  std::ofstream(file) << "[serve]\nlisten = [\"0\"]\nmax_cursors = 2\nmax_answer_bytes = \"1MiB\"\n"
                         "max_timeout = \"100ms\"\n[databases]\na = \""
                      << (folder.path / "a.db").string() << "\"\n";
  server s{.run = std::make_unique<program>(
               std::vector<std::string>{"-c", file, "serve", "--http", "0"}),
           .where = {}};
  CAF_REQUIRE(s.run->says("ready: "));
  s.where = "127.0.0.1:" + std::to_string(port_behind(s.run->err(), "published at 127.0.0.1:"));
  const auto db = db_engine::connect(s.where);
  const auto one = db.cursor("SELECT 1");
  const auto two = db.cursor("SELECT 1");
  CAF_CHECK_EQUAL(code_of([&] { db.cursor("SELECT 1"); }), "overloaded");
  CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT zeroblob(2000000)"); }), "too_big");
  CAF_CHECK_EQUAL(code_of([&] {
                    db.fetch("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
                             "SELECT count(*) FROM c");
                  }),
                  "timeout");
}

CAF_TEST(what cannot be published is refused at the start) {
  const engine_folder folder;
  const auto a = (folder.path / "a.db").string(), b = (folder.path / "b.db").string();
  const auto refused = [](std::vector<std::string> words, int code, const std::string& why) {
    words.insert(words.begin(), "serve");
    program p(words);
    CAF_CHECK_EQUAL(p.wait(), code);
    if (p.err().find(why) == std::string::npos)
      CAF_ERROR("not told: " << why << " in " << p.err());
  };
  refused({a, "--listen", "0.0.0.0:0"}, 2, "insecure");
  refused({a, "--http", "0.0.0.0:0"}, 2, "--http: '0.0.0.0:0' is not loopback");
  refused({a, "--http", "[::]:0"}, 2, "--insecure");
  std::ofstream(folder.path / "http.toml") << "[serve]\nhttp = \"0.0.0.0:0\"\n";
  const auto config = (folder.path / "http.toml").string();
  refused({"-c", config, a}, 3, config + ": 'serve.http' '0.0.0.0:0' is not loopback");
  program open({"-c", config, "serve", a, "--insecure"});
  CAF_CHECK(open.says("can read the statistics")); // a warning
  CAF_CHECK(open.says("ready: "));
  open.signal(SIGTERM);
  CAF_CHECK_EQUAL(open.wait(), 0);
  refused({a, b, "--listen", "0"}, 2, "1 ports for 2 databases");
  refused({a, "--listen", "here"}, 2, "not an address");
  refused({a, "--listen", "0", "--tls-cert", "x.pem"}, 2, "TLS needs");
  const auto s = start({a, b, "--listen", "0", "--listen", "0"});
  refused({(folder.path / "c.db").string(), "--listen", s.where}, 1, "cannot listen at");
}
