// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of a wire that has a delay or a low rate, is mute, or is torn. The wire is simulated in
// user space, so that this suite runs everywhere. `remote_network` does the same with the kernel's
// own wires, if it may.

#include "support/engine/engine_fixture.hpp"
#include "support/process/paths.hpp"
#include "support/wire/long_wire.hpp"
#include "support/wire/remote_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <poll.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <future>
#include <string>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

/// 5 s are promised; the other 5 s are for a machine under load.
constexpr auto promised = 5s + 5s;

struct fixture {
  engine_folder folder;
  server s{folder.url()};
  long_wire wire{s.port()};

  fixture() { CAF_REQUIRE_EQUAL(s.trouble(), ""); }
};

bool comes_back(const db_engine& db) {
  for (const auto end = std::chrono::steady_clock::now() + 30s;
       std::chrono::steady_clock::now() < end; ::poll(nullptr, 0, 10))
    if (code_of([&] { db.fetch("SELECT 1"); }) == "none")
      return true;
  return false;
}

// Checks the answers to a client while the wire is `broken`, and that all is well afterwards.
void break_wire(fixture& it, const std::function<void(bool)>& broken) {
  auto db = db_engine::connect(it.wire.address());
  db.execute("CREATE TABLE t (x)");
  broken(true);
  const auto start = std::chrono::steady_clock::now();
  auto reading =
      std::async(std::launch::async, [&] { return failure_of([&] { db.fetch("SELECT 1"); }); });
  const auto write = failure_of([&] { db.execute("INSERT INTO t VALUES (1)"); });
  const auto read = reading.get();
  CAF_CHECK(std::chrono::steady_clock::now() - start < promised);
  CAF_CHECK_EQUAL(to_string(read.code), "unreachable");
  CAF_CHECK(write.code == errc::outcome_unknown || write.code == errc::unreachable);
  CAF_CHECK((write.code == errc::outcome_unknown) == (write.outcome == outcome::unknown));
  // With an id, the outcome is known in the end, and the write runs once.
  auto once = std::async(std::launch::async, [&] {
    while (code_of([&] { db.with_id("a").execute("INSERT INTO t VALUES (2)"); }) != "none") {
    }
  });
  broken(false);
  CAF_CHECK(comes_back(db));
  once.get();
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t WHERE x = 2").value_or(-1), 1);
  db.shutdown();
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(remote_wire, fixture)

CAF_TEST(a wire that is mute for a while) {
  break_wire(*this, [this](bool on) { wire.mute(on); });
}

CAF_TEST(a wire that resets its connections for a while) {
  break_wire(*this, [this](bool on) { wire.tear(on); });
}

CAF_TEST(a long wire is slow and nothing else) {
  wire.delay(300ms); // each way: the server's first byte arrives after more than half a second
  auto db = db_engine::connect(wire.address());
  const auto start = std::chrono::steady_clock::now();
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT 7").value_or(0), 7);
  CAF_CHECK(std::chrono::steady_clock::now() - start >= 600ms);
  db.execute("CREATE TABLE t (x)");
  CAF_CHECK_EQUAL(db.fetch("INSERT INTO t VALUES (1) RETURNING x").size(), 1u);
  // A deadline shorter than the delay of the wire.
  CAF_CHECK_EQUAL(code_of([&] { db.with_timeout(10ms).fetch("SELECT 1"); }), "timeout");
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT 8").value_or(0), 8);
  // The connection is restored over the same wire.
  wire.tear(true);
  while (code_of([&] { db.with_timeout(5s).fetch("SELECT 1"); }) == "none") {
  }
  wire.tear(false);
  CAF_CHECK(comes_back(db));
}

CAF_TEST(over a long wire a server without TLS and one with TLS are distinguished) {
  CAF_REQUIRE(make_certificates(folder.path.string()));
  engine_folder other;
  server secure(other.url(), {"--tls=" + folder.path.string()});
  CAF_REQUIRE_EQUAL(secure.trouble(), "");
  long_wire far(secure.port());
  far.delay(300ms);
  const auto why = failure_of([&] { db_engine::connect(far.address()); });
  CAF_CHECK_EQUAL(to_string(why.code), "protocol");
  CAF_CHECK(why.message.find("the server requires TLS") != std::string::npos);
  remote_options o;
  const auto folder_name = folder.path.string();
  o.tls = {folder_name + "/client.crt", folder_name + "/client.key", folder_name + "/ca.crt"};
  CAF_CHECK_EQUAL(db_engine::connect(far.address(), o).fetch_value<int>("SELECT 7").value_or(0), 7);
}

CAF_TEST(a thin wire is slow and nothing else) {
  wire.throttle(1'000'000);
  auto db = db_engine::connect(wire.address());
  const auto start = std::chrono::steady_clock::now();
  const blob big(3'000'000, std::byte{7});
  // Both directions take longer than the silence after which a connection counts as lost.
  CAF_CHECK(db.fetch("SELECT ?", big)[0][0].as<blob>() == big);
  CAF_CHECK(std::chrono::steady_clock::now() - start > 5s);
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT 8").value_or(0), 8);
}

CAF_TEST_FIXTURE_SCOPE_END()
