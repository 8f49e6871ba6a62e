// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of `dbengine serve`: its pages, its configuration, its end.

#include "support/engine/engine_fixture.hpp"
#include "support/process/program.hpp"
#include "support/process/prometheus_text.hpp"
#include "support/wire/http.hpp"
#include "system/serve/expected_samples.hpp"

#include <dbengine/db_engine.hpp>

#include <csignal>
#include <fstream>
#include <memory>

#include <nlohmann/json.hpp>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using json = nlohmann::json;

namespace {

void write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file) << text;
}

// A running server with pages on a free port.
struct server {
  std::unique_ptr<program> run;
  std::uint16_t port = 0;
};

server start(std::vector<std::string> arguments, std::map<std::string, std::string> env = {}) {
  server s{.run = std::make_unique<program>(arguments, env)};
  if (!s.run->says("ready: "))
    CAF_FAIL("the server does not start: " << s.run->err());
  s.port = port_behind(s.run->err(), "http://127.0.0.1:");
  return s;
}

json stats_of(const server& s) {
  const auto reply = http(s.port, "/api/stats");
  CAF_CHECK_EQUAL(reply.status, 200);
  return json::parse(reply.body, nullptr, false);
}

void make_database(const std::filesystem::path& file) {
  db_engine db(file.string());
  db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
  db.execute("INSERT INTO t (v) VALUES ('x')");
}

} // namespace

CAF_TEST(the pages report of every database what stats reports) {
  const engine_folder folder;
  for (const char* name : {"one.db", "two.db"})
    make_database(folder.path / name);
  const auto one = (folder.path / "one.db").string();
  const auto s = start({"serve", one, (folder.path / "two.db").string(), "--http", "0"});

  for (const char* page : {"/healthz", "/readyz"}) {
    const auto reply = http(s.port, page);
    CAF_CHECK_EQUAL(reply.status, 200);
    const auto body = json::parse(reply.body, nullptr, false);
    CAF_CHECK(body["ok"] == true);
  }
  // A query changes nothing but the clock. If a sweep of idle snapshots comes in between, the test
  // queries again.
  json before, after;
  exposition metrics;
  CAF_CHECK(wait_until([&] {
    before = stats_of(s);
    const auto reply = http(s.port, "/metrics");
    CAF_CHECK_EQUAL(reply.status, 200);
    CAF_CHECK(reply.head.find("text/plain; version=0.0.4") != std::string::npos);
    metrics = read_exposition(reply.body);
    after = stats_of(s);
    return before["databases"] == after["databases"];
  }));
  for (const auto& p : metrics.problems)
    CAF_ERROR("/metrics: " << p);
  CAF_REQUIRE_EQUAL(before["databases"].size(), 2u);
  std::size_t compared = 0;
  for (const auto& d : before["databases"])
    for (const auto& [name, value] : expected_samples(d)) {
      const auto found = metrics.samples.find(name);
      if (found == metrics.samples.end())
        CAF_ERROR("/metrics has no " << name);
      else if (found->second != value)
        CAF_ERROR(name << " is " << found->second << " in /metrics, " << value << " in /api/stats");
      ++compared;
    }
  CAF_CHECK(compared > 150);

  // `stats` opens a separate engine beside the server: it reports the same values for the file, and
  // the same keys for itself.
  program stats({"stats", one, "-o", "json"});
  CAF_CHECK_EQUAL(stats.wait(), 0);
  const auto own = json::parse(stats.out(), nullptr, false);
  const auto& served = before["databases"][0];
  for (const char* key : {"path", "page_size", "page_count", "freelist_count", "encoding",
                          "user_version", "journal_mode", "sqlite_version", "engine_version"})
    CAF_CHECK(own["database"][key] == served["database"][key]);
  for (const char* part : {"statistics", "health", "database"})
    for (const auto& [key, value] : own[part].items())
      if (!served[part].contains(key))
        CAF_ERROR("/api/stats has no " << part << "." << key);
}

CAF_TEST(a request that is not meant for it is refused) {
  const engine_folder folder;
  const auto s = start({"serve", (folder.path / "a.db").string(), "--http", "127.0.0.1:0"});
  CAF_CHECK_EQUAL(http(s.port, "/metrics", "GET", "Host: evil.example\r\n").status, 421);
  CAF_CHECK_EQUAL(http(s.port, "/metrics", "GET", "Host: evil.example:80\r\n").status, 421);
  CAF_CHECK_EQUAL(http(s.port, "/metrics", "GET", "").status, 400);
  CAF_CHECK_EQUAL(http(s.port, "/metrics", "GET", "Host: localhost\r\nHost: localhost\r\n").status,
                  400);
  CAF_CHECK_EQUAL(
      http(s.port, "/metrics", "POST", "Host: localhost\r\nContent-Length: 0\r\n").status, 405);
  CAF_CHECK_EQUAL(http(s.port, "/").status, 404);
  CAF_CHECK_EQUAL(http(s.port, "/../../etc/passwd").status, 404);
  for (const char* host : {"localhost", "127.0.0.1:1", "[::1]:80"})
    CAF_CHECK_EQUAL(http(s.port, "/healthz", "GET", "Host: " + std::string(host) + "\r\n").status,
                    200);
  const auto head = http(s.port, "/metrics", "HEAD");
  CAF_CHECK_EQUAL(head.status, 200);
  CAF_CHECK_EQUAL(head.body, "");
  // One request a connection, even if the client asks for more: `http` reads until the server
  // closes.
  const auto kept =
      http(s.port, "/healthz", "GET", "Host: localhost\r\nConnection: keep-alive\r\n");
  CAF_CHECK_EQUAL(kept.status, 200);
  CAF_CHECK(kept.head.find("Connection: close") != std::string::npos);
}

CAF_TEST(ranges do not multiply an answer) {
  const engine_folder folder;
  const auto s = start({"serve", (folder.path / "a.db").string(), "--http", "0"});
  const auto whole = http(s.port, "/healthz").body;
  std::string ranges = "bytes=0-";
  for (int i = 0; i < 2700; ++i)
    ranges += ",0-";
  for (const std::string asked : {"Range: bytes=0-3", "RANGE:bytes=9999-", "range: x"}) {
    const auto reply = http(s.port, "/healthz", "GET", "Host: localhost\r\n" + asked + "\r\n");
    CAF_CHECK_EQUAL(reply.status, 200);
    CAF_CHECK_EQUAL(reply.body, whole);
  }
  const auto reply =
      http(s.port, "/healthz", "GET", "Range: " + ranges + "\r\nHost: localhost\r\n");
  CAF_CHECK_EQUAL(reply.status, 200);
  CAF_CHECK_EQUAL(reply.body, whole);
}

CAF_TEST(no client keeps the server from answering others) {
  const engine_folder folder;
  const auto s = start({"serve", (folder.path / "a.db").string(), "--http", "0"});
  // Endless headers are cut off, and so is a client that sends nothing.
  const tcp_connection endless(s.port);
  endless.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n");
  bool taken = true;
  for (int i = 0; i < 100'000 && taken; ++i)
    taken = endless.send("X-Filler: " + std::string(100, 'x') + "\r\n");
  CAF_CHECK(!taken);
  std::vector<std::unique_ptr<tcp_connection>> silent;
  for (int i = 0; i < 60; ++i) {
    silent.push_back(std::make_unique<tcp_connection>(s.port));
    silent.back()->send("GET /met");
  }
  CAF_CHECK(wait_until([&] { return http(s.port, "/healthz").status == 200; }));
  for (const auto& c : silent)
    c->read_all(); // the server closes it
  CAF_CHECK_EQUAL(http(s.port, "/readyz").status, 200);
}

CAF_TEST(pages that are off on the command line are off) {
  const engine_folder folder;
  const auto file = folder.path / "dbengine.toml";
  write_text(file, "[serve]\nhttp = \"0\"\n");
  program p({"-c", file.string(), "serve", (folder.path / "a.db").string(), "--http", "off"});
  CAF_CHECK(p.says("ready: "));
  CAF_CHECK(p.err().find("http://") == std::string::npos);
  p.signal(SIGTERM);
  CAF_CHECK_EQUAL(p.wait(), 0);
}

CAF_TEST(an engine that cannot work is alive and not ready) {
  const engine_folder folder;
  const auto s = start({"serve", (folder.path / "a.db").string(), "--http", "0"});
  CAF_CHECK_EQUAL(http(s.port, "/readyz").status, 200);
  std::filesystem::rename(folder.path / "a.db", folder.path / "moved.db");
  const auto ready = http(s.port, "/readyz");
  CAF_CHECK_EQUAL(ready.status, 503);
  CAF_CHECK(ready.body.find("is missing") != std::string::npos);
  CAF_CHECK_EQUAL(http(s.port, "/healthz").status, 200);
  CAF_CHECK_EQUAL(
      read_exposition(http(s.port, "/metrics").body).samples.at("dbengine_healthy{database=\"a\"}"),
      0);
}

CAF_TEST(the end drains and leaves a clean file) {
  const engine_folder folder;
  const auto file = folder.path / "a.db";
  auto s = start({"serve", file.string(), "--http", "0"});
  program writer({file.string(), "CREATE TABLE t(x); INSERT INTO t VALUES (1), (2), (3);"}, {},
                 "/usr/bin/sqlite3");
  CAF_CHECK_EQUAL(writer.wait(), 0);
  s.run->signal(SIGTERM);
  CAF_CHECK_EQUAL(s.run->wait(), 0);
  CAF_CHECK(s.run->err().find("stopping: draining") != std::string::npos);
  CAF_CHECK(s.run->err().find("stopped\n") != std::string::npos);
  CAF_CHECK(!std::filesystem::exists(file.string() + "-wal"));
  db_engine db(file.string());
  CAF_CHECK_EQUAL(db.fetch_value<std::int64_t>("SELECT count(*) FROM t"), 3);
}

CAF_TEST(a database is served once and a port is taken once) {
  const engine_folder folder;
  const auto a = (folder.path / "a.db").string(), b = (folder.path / "b.db").string();
  auto s = start({"serve", a, "--http", "0"});
  program second({"serve", a, "--http", "0"});
  CAF_CHECK_EQUAL(second.wait(), 5);
  CAF_CHECK(second.err().find(std::to_string(s.run->pid())) != std::string::npos);
  program third({"serve", b, "--http", std::to_string(s.port)});
  CAF_CHECK_EQUAL(third.wait(), 1);
  CAF_CHECK(third.err().find("cannot listen at http://127.0.0.1:") != std::string::npos);
  // The failed server holds nothing.
  auto fourth = start({"serve", b, "--http", "0"});
  fourth.run->signal(SIGINT);
  CAF_CHECK_EQUAL(fourth.run->wait(), 0);
}

CAF_TEST(the file says what is served and mistakes in it are pointed at) {
  const engine_folder folder;
  const auto file = folder.path / "dbengine.toml";
  const auto serve = [&](const std::string& text) {
    write_text(file, text);
    return std::make_unique<program>(std::vector<std::string>{"-c", file.string(), "serve"});
  };
  const auto refused = [&](const std::string& text, const std::string& where,
                           const std::string& what) {
    const auto p = serve(text);
    CAF_CHECK_EQUAL(p->wait(), 3);
    if (p->err().find(file.string() + where) == std::string::npos ||
        p->err().find(what) == std::string::npos)
      CAF_ERROR("not told: " << where << " " << what << " in " << p->err());
  };
  refused("[serve]\nhtpp = \"9187\"\n", ":2:1", "did you mean 'http'?");
  refused("[server]\nhttp = \"9187\"\n", ":1:", "did you mean 'serve'?");
  refused("[serve]\nhttp = \"127.0.0.1\"\n", ":2:", "must be an address");
  refused("[serve]\nlog_level = \"loud\"\n", ":2:", "must be ");
  refused("[databases]\na = 1\n", ":2:", "'databases.a' must be");
  refused("[serve\n", ":1:", "");
  refused("[serve]\nlisten = [\"7000\"]\n[databases]\na = \"a.db\"\nb = \"b.db\"\n",
          ":2:", "'serve.listen' has 1 address for 2 databases");

  const auto url = [&](const char* name) { return "\"" + (folder.path / name).string() + "\"\n"; };
  const auto good =
      serve("[serve]\nhttp = \"0\"\n[backup]\nenabled = true\ninterval = \"1s\"\ndir = " +
            url("backups") + "[databases]\nsecond = " + url("b.db") + "first = " + url("a.db"));
  CAF_CHECK(good->says("ready: 2 databases"));
  const auto port = port_behind(good->err(), "http://127.0.0.1:");
  json all;
  CAF_CHECK(wait_until([&] {
    all = json::parse(http(port, "/api/stats").body, nullptr, false);
    return !all["databases"][0]["backup"]["files"].empty() &&
           !all["databases"][1]["backup"]["files"].empty();
  }));
  CAF_CHECK(all["databases"][0]["name"] == "second"); // the order of the file
  for (const char* name : {"first", "second"})
    CAF_CHECK(!std::filesystem::is_empty(folder.path / "backups" / name));
  // Commands with the same configuration use that folder, however the database is spelled, and
  // create no other.
  for (const auto& a :
       {(folder.path / "a.db").string(), "sqlite:///" + (folder.path / "." / "a.db").string()}) {
    program list({"-c", file.string(), "backup", "list", a});
    CAF_CHECK_EQUAL(list.wait(), 0);
    CAF_CHECK(list.out().find("backup_") != std::string::npos);
  }
  good->signal(SIGTERM);
  CAF_CHECK_EQUAL(good->wait(), 0);
  program now({"-c", file.string(), "backup", "now", (folder.path / "b.db").string()});
  CAF_CHECK_EQUAL(now.wait(), 0);
  CAF_CHECK(now.err().find((folder.path / "backups" / "second" / "backup_").string()) !=
            std::string::npos);
  for (const auto& e : std::filesystem::directory_iterator(folder.path / "backups"))
    CAF_CHECK(e.is_directory());
}

CAF_TEST(databases are named and have names of their own) {
  const engine_folder folder;
  program none({"serve"});
  CAF_CHECK_EQUAL(none.wait(), 2);
  program same({"serve", (folder.path / "a.db").string(), (folder.path / "x" / "a.db").string()});
  CAF_CHECK_EQUAL(same.wait(), 2);
}

CAF_TEST(a reload takes over what can be and says what cannot) {
  const engine_folder folder;
  const auto file = folder.path / "dbengine.toml";
  const auto base = "[databases]\na = \"" + (folder.path / "a.db").string() + "\"\n";
  write_text(file, base);
  auto s = start({"-c", file.string(), "serve"});
  write_text(file, "[serve]\nlog_format = \"json\"\n[engine]\nsynchronous = \"full\"\n" + base);
  s.run->signal(SIGHUP);
  CAF_CHECK(s.run->says("engine.synchronous was changed in the file"));
  const auto log = s.run->err();
  const auto last = log.substr(log.rfind('\n', log.size() - 2) + 1);
  const auto told = json::parse(last, nullptr, false);
  CAF_CHECK(told["level"] == "warning");
  write_text(file, "[serve]\nlog_levle = \"debug\"\n" + base);
  s.run->signal(SIGHUP);
  CAF_CHECK(s.run->says(file.string() + ":2:1"));
  CAF_CHECK(s.run->err().find("did you mean 'log_level'?") != std::string::npos);
  s.run->signal(SIGTERM);
  CAF_CHECK_EQUAL(s.run->wait(), 0);
}

namespace {

// Counts the lines, and checks that each is an object as the log writes it.
std::size_t json_lines(const std::string& log) {
  std::size_t lines = 0;
  for (std::size_t at = 0; at < log.size(); ++lines) {
    const auto end = log.find('\n', at);
    const auto one = json::parse(log.substr(at, end - at), nullptr, false);
    CAF_CHECK(one.is_object() && one.contains("time") && one.contains("level") &&
              one.contains("message"));
    at = end + 1;
  }
  return lines;
}

} // namespace

CAF_TEST(the log can be JSON line by line) {
  const engine_folder folder;
  const auto file = (folder.path / "a.db").string();
  auto s = start({"serve", file, "--log-format", "json"});
  // A failing start is reported in the same way, with the same exit code.
  program second({"serve", file, "--log-format", "json"});
  CAF_CHECK_EQUAL(second.wait(), 5);
  CAF_CHECK(json_lines(second.err()) > 0);
  s.run->signal(SIGTERM);
  CAF_CHECK_EQUAL(s.run->wait(), 0);
  CAF_CHECK(json_lines(s.run->err()) >= 4);
}
