// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of an engine that processes use over the wire, connecting and disconnecting: the answers to
// a client, what a server forgets, and which clients are admitted.

#include "support/engine/engine_fixture.hpp"
#include "support/process/paths.hpp"
#include "support/wire/guard_caf.hpp"
#include "support/wire/raw_peer.hpp"
#include "support/wire/remote_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

/// 5 s are promised; the other 5 s are for a machine under load.
constexpr auto promised = 5s + 5s;

std::chrono::steady_clock::duration time_of(const std::function<void()>& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::steady_clock::now() - start;
}

const std::string& certificates() {
  static const engine_folder folder;
  static const std::string path = [] {
    return make_certificates(folder.path.string()) ? folder.path.string() : std::string();
  }();
  return path;
}

remote_options with_tls(const std::string& name, const std::string& ca = "ca") {
  const auto& folder = certificates();
  remote_options o;
  o.tls = {folder + "/" + name + ".crt", folder + "/" + name + ".key", folder + "/" + ca + ".crt"};
  return o;
}

error_info connecting(const std::string& address, const remote_options& o = {}) {
  return failure_of([&] { db_engine::connect(address, o); });
}

/// Accepts one connection after the other and sends each these bytes.
class impostor {
public:
  explicit impostor(std::string bytes) : bytes_(std::move(bytes)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&a), size) != 0 || ::listen(fd_, 8) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&a), &size) != 0)
      return;
    port_ = ntohs(a.sin_port);
    thread_ = std::jthread([this] {
      std::vector<int> open;
      for (int c = 0; (c = ::accept(fd_, nullptr, nullptr)) >= 0;) {
        open.push_back(c);
        if (::send(c, bytes_.data(), bytes_.size(), MSG_NOSIGNAL) < 0)
          break;
      }
      for (const int c : open)
        ::close(c);
    });
  }
  ~impostor() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  impostor(const impostor&) = delete;
  impostor& operator=(const impostor&) = delete;
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

private:
  std::string bytes_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

// -- life -----------------------------------------------------------------------------------------

CAF_TEST(a server that is started again on its port is found again) {
  engine_folder folder;
  server first(folder.url());
  CAF_REQUIRE_EQUAL(first.trouble(), "");
  auto db = db_engine::connect(first.address());
  db.execute("CREATE TABLE t (x)");
  const auto port = "--port=" + std::to_string(first.port());
  CAF_CHECK_EQUAL(first.end(), 0);
  // A request sent while no server is there is answered when one is.
  auto count = std::async(std::launch::async, [&] {
    return db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1);
  });
  server second(folder.url(), {port});
  CAF_REQUIRE_EQUAL(second.trouble(), "");
  CAF_CHECK_EQUAL(count.get(), 0);
  CAF_CHECK_EQUAL(db.execute("INSERT INTO t VALUES (1)").changes, 1);
  db.shutdown();
}

CAF_TEST(a server that is gone fails requests in time) {
  engine_folder folder;
  server s(folder.url());
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  auto db = db_engine::connect(s.address());
  db.execute("CREATE TABLE t (x)");
  s.kill();
  error_info why;
  CAF_CHECK(time_of([&] { why = failure_of([&] { db.fetch("SELECT 1"); }); }) < promised);
  CAF_CHECK_EQUAL(to_string(why.code), "unreachable");
  CAF_CHECK(time_of([&] { why = failure_of([&] { db.execute("INSERT INTO t VALUES (1)"); }); }) <
            promised);
  CAF_CHECK_EQUAL(to_string(why.code), "unreachable");
  CAF_CHECK(why.outcome == outcome::not_run);
  CAF_CHECK(time_of([&] { why = failure_of([&] { db.with_timeout(100ms).fetch("SELECT 1"); }); }) <
            promised);
  CAF_CHECK_EQUAL(to_string(why.code), "timeout");
}

CAF_TEST(a server that is silent fails requests in time and is found again) {
  engine_folder folder;
  server s(folder.url());
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  auto db = db_engine::connect(s.address());
  db.execute("CREATE TABLE t (x)");
  s.signal(SIGSTOP);
  error_info read, write;
  const auto took = time_of([&] {
    auto reads =
        std::async(std::launch::async, [&] { return failure_of([&] { db.fetch("SELECT 1"); }); });
    write = failure_of([&] { db.execute("INSERT INTO t VALUES (1)"); });
    read = reads.get();
  });
  s.signal(SIGCONT);
  CAF_CHECK(took < promised);
  CAF_CHECK_EQUAL(to_string(read.code), "unreachable");
  CAF_CHECK_EQUAL(to_string(write.code), "outcome_unknown");
  CAF_CHECK(write.outcome == outcome::unknown);
  CAF_CHECK(comes_soon([&] { return code_of([&] { db.fetch("SELECT 1"); }) == "none"; }));
}

CAF_TEST(a read whose connection is lost again and again is given up) {
  engine_folder folder;
  auto s = std::make_unique<server>(folder.url());
  CAF_REQUIRE_EQUAL(s->trouble(), "");
  const auto port = "--port=" + std::to_string(s->port());
  auto db = db_engine::connect(s->address());
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT 1").value_or(0), 1);
  auto endless = std::async(std::launch::async, [&] {
    return failure_of([&] {
      db.with_timeout(10min).fetch(
          "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c");
    });
  });
  // A loss before the read was sent again on that connection does not count as one of its resends.
  // So one more connection is lost.
  int losses = 0;
  while (losses < 10 && endless.wait_for(losses <= defaults::remote_resends ? 0s : promised) ==
                            std::future_status::timeout) {
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT 1").value_or(0), 1);
    s->kill();
    s = std::make_unique<server>(folder.url(), std::vector<std::string>{port});
    CAF_REQUIRE_EQUAL(s->trouble(), "");
    ++losses;
  }
  CAF_CHECK(losses > defaults::remote_resends);
  CAF_REQUIRE(endless.wait_for(0s) == std::future_status::ready);
  CAF_CHECK_EQUAL(to_string(endless.get().code), "unreachable");
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT 1").value_or(0), 1);
}

// -- which clients are admitted -------------------------------------------------------------------

CAF_TEST(no server or another one is reported at once) {
  CAF_CHECK_EQUAL(to_string(connecting("127.0.0.1:1").code), "unreachable");
  CAF_CHECK_EQUAL(to_string(connecting("no-port").code), "invalid_option");
  const impostor silent("");
  remote_options hurry;
  hurry.connect_timeout = 1'000ms;
  CAF_CHECK_EQUAL(to_string(connecting(silent.address(), hurry).code), "unreachable");
  const impostor shell("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n");
  CAF_CHECK_EQUAL(to_string(connecting(shell.address()).code), "protocol");
  const impostor newer(frame(0, 0, 4, 0, 0, "x"));
  const auto e = connecting(newer.address());
  CAF_CHECK_EQUAL(to_string(e.code), "protocol");
  CAF_CHECK(contains(e.message, "version 4"));
}

CAF_TEST(a CAF server with another interface is none of ours) {
  victim other({});
  CAF_REQUIRE(other.port() != 0);
  const auto e = connecting("127.0.0.1:" + std::to_string(other.port()));
  CAF_CHECK_EQUAL(to_string(e.code), "protocol");
  CAF_CHECK(contains(e.message, "not a dbengine"));
  CAF_CHECK_EQUAL(other.end(), 0);
}

CAF_TEST(an address other than loopback needs TLS or the word insecure) {
  engine_folder folder;
  CAF_CHECK(contains(server(folder.url(), {"--host=0.0.0.0"}).trouble(), "not loopback"));
  CAF_CHECK(contains(server(folder.url(), {"--tls=/nonexistent"}).trouble(), "/nonexistent"));
  CAF_CHECK_EQUAL(server(folder.url(), {"--host=0.0.0.0", "--insecure"}).trouble(), "");
  CAF_CHECK_EQUAL(server(folder.url(), {"--host=0.0.0.0", "--tls=" + certificates()}).trouble(),
                  "");
}

CAF_TEST(with TLS only the right certificates are let in) {
  CAF_REQUIRE(!certificates().empty());
  engine_folder folder;
  server s(folder.url(), {"--tls=" + certificates()});
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  auto db = db_engine::connect(s.address(), with_tls("client"));
  db.execute("CREATE TABLE t (x)");
  CAF_CHECK_EQUAL(db.fetch("SELECT zeroblob(5000000)")[0][0].as<blob>().size(), 5'000'000u);
  for (const auto* bad :
       {"selfsigned", "foreign", "expired", "future", "serveronly", "leafsigned"}) {
    CAF_MESSAGE(bad);
    const auto e = connecting(s.address(), with_tls(bad));
    CAF_CHECK_EQUAL(to_string(e.code), "protocol");
    CAF_CHECK(contains(e.message, "TLS"));
  }
  // The client checks the server's certificate, too.
  CAF_CHECK_EQUAL(to_string(connecting(s.address(), with_tls("client", "ca2")).code), "protocol");
  const auto plain = connecting(s.address());
  CAF_CHECK_EQUAL(to_string(plain.code), "protocol");
  CAF_CHECK(contains(plain.message, "the server requires TLS"));
  CAF_CHECK_EQUAL(db.execute("INSERT INTO t VALUES (1)").changes, 1);

  engine_folder other;
  server open(other.url());
  const auto needless = connecting(open.address(), with_tls("client"));
  CAF_CHECK_EQUAL(to_string(needless.code), "protocol");
  CAF_CHECK(contains(needless.message, "does not use TLS"));
  auto missing = with_tls("client");
  missing.tls.key = "/nonexistent";
  CAF_CHECK_EQUAL(to_string(connecting(s.address(), missing).code), "invalid_option");
}

CAF_TEST(a read - only port changes nothing) {
  engine_folder folder;
  { db_engine(folder.url()).execute("CREATE TABLE t (x)"); }
  server s(folder.url(), {"--read-only"});
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  auto db = db_engine::connect(s.address());
  for (const auto& f : std::vector<std::function<void()>>{
           [&] { db.execute("INSERT INTO t VALUES (1)"); },
           [&] { db.fetch("INSERT INTO t VALUES (1) RETURNING x"); },
           [&] { db.with_id("a").fetch("INSERT INTO t VALUES (1) RETURNING x"); },
           [&] { db.fetch("PRAGMA user_version = 7"); },
           [&] { db.execute_many("INSERT INTO t VALUES (?)", std::vector<params>{params::of(1)}); },
           [&] { db.execute_transaction({operation::execute("DELETE FROM t")}); },
           [&] { db.execute_script("DELETE FROM t"); }, [&] { db.vacuum(); }, [&] { db.analyze(); },
           [&] { db.optimize(); }, [&] { db.checkpoint(); },
           [&] { db.set_pragma("user_version", 7); }, [&] { db.request_backup(); }})
    CAF_CHECK_EQUAL(code_of(f), "read_only");
  for (const auto* sql : {"ATTACH '/tmp/x.db' AS x", "VACUUM INTO '/tmp/x.db'", "BEGIN IMMEDIATE"})
    CAF_CHECK(code_of([&] { db.fetch(sql); }) != "none");
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 0);
  // Reads that only look like writes.
  CAF_CHECK_EQUAL(db.fetch_value<int>("PRAGMA user_version").value_or(-1), 0);
  CAF_CHECK_EQUAL(db.fetch_value<int>("WITH c(x) AS (SELECT 'INSERT') SELECT 1 FROM c").value_or(0),
                  1);
  CAF_CHECK(db.integrity_check().empty());
  CAF_CHECK(db.health().ok);
}

CAF_TEST(a read - only port does not show what others asked) {
  engine_folder folder;
  for (const bool read_only : {false, true}) {
    server s(folder.url(),
             read_only ? std::vector<std::string>{"--read-only"} : std::vector<std::string>{});
    CAF_REQUIRE_EQUAL(s.trouble(), "");
    db_engine::connect(s.address()).fetch("SELECT 'secret'");
    const auto seen = db_engine::connect(s.address()).get_stats();
    CAF_CHECK(seen.requests > 0);
    CAF_CHECK_EQUAL(seen.slowest.empty(), read_only);
  }
}

CAF_TEST(a key with a password is refused without a prompt) {
  CAF_REQUIRE(!certificates().empty());
  engine_folder folder;
  const auto key = (folder.path / "locked.key").string();
  const auto command = "openssl pkey -aes128 -passout pass:secret -in " +
                       shell_word(certificates() + "/client.key") + " -out " + shell_word(key) +
                       " 2> /dev/null";
  CAF_REQUIRE_EQUAL(std::system(command.c_str()), 0);
  auto o = with_tls("client");
  o.tls.key = key;
  const auto e = connecting("127.0.0.1:1", o);
  CAF_CHECK_EQUAL(to_string(e.code), "invalid_option");
  CAF_CHECK(contains(e.message, "password"));
}

// -- crowds ---------------------------------------------------------------------------------------

CAF_TEST(a thousand idle and a thousand half - open connections leave a client served) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files); // the server inherits it
  engine_folder folder;
  server s(folder.url(), {"--connections=3000", "--half-open=1500"});
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  auto db = db_engine::connect(s.address());
  std::vector<raw_peer> idle;
  std::vector<raw_peer> half_open;
  for (int i = 0; i < 1'000; ++i) {
    idle.emplace_back(s.port());
    CAF_REQUIRE(idle.back().open() && idle.back().shake_hands());
    half_open.emplace_back(s.port());
    CAF_REQUIRE(half_open.back().open());
    if (i % 100 == 0)
      CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT ?", i).value_or(-1), i);
  }
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT 1").value_or(-1), 1);
  CAF_CHECK_EQUAL(db_engine::connect(s.address()).fetch_value<int>("SELECT 2").value_or(-1), 2);
  db.shutdown();
  CAF_CHECK_EQUAL(s.end(), 0);
}

CAF_TEST(more requests than the server takes at once wait in the client) {
  engine_folder folder;
  server s(folder.url(), {"--in-flight=20"});
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  auto db = db_engine::connect(s.address());
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 32; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i)
        right += db.fetch_value<int>("SELECT ?", t * 100 + i).value_or(-1) == t * 100 + i;
    });
  for (auto& t : threads)
    t.join();
  CAF_CHECK_EQUAL(right.load(), 32 * 50);
}
