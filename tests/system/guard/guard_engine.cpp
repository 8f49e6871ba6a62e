// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests the attacks and the noise of `guard` against a served engine: it continues to serve, loses
// nothing, and needs no more memory.

#include "support/engine/engine_fixture.hpp"
#include "support/wire/guard_attacks.hpp"
#include "support/wire/guard_wire.hpp"
#include "support/wire/remote_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include <unistd.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

long resident_kilobytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  long total = 0;
  long resident = 0;
  file >> total >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

/// The allocator keeps memory in addition to what the guard may use.
constexpr long allowed_growth_kb = 128 << 10;

struct fixture {
  engine_folder folder;
  server s{folder.url()};

  fixture() {
    CAF_REQUIRE_EQUAL(s.trouble(), "");
    speak_of("dbengine::actors::wire_request");
  }
  ~fixture() { speak_of(wire_request_name); } // for the next suites in this process

  connector connect() {
    return [this] { return raw_peer{s.port()}; };
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(guard_engine, fixture)

CAF_TEST(a served engine survives every known attack) {
  auto db = db_engine::connect(s.address());
  db.execute("CREATE TABLE t (x)");
  const auto before = resident_kilobytes(s.pid());
  int n = 0;
  for (const auto& attack : attacks()) {
    attack.run(connect(), 2'000);
    const auto why = code_of([&] { db.execute("INSERT INTO t VALUES (?)", ++n); });
    if (why != "none")
      CAF_FAIL(why << " after the attack: " << attack.name);
    if (code_of([&] { db_engine::connect(s.address()).fetch("SELECT 1"); }) != "none")
      CAF_FAIL("new clients are not served after the attack: " << attack.name);
  }
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), n);
  CAF_CHECK_LESS(resident_kilobytes(s.pid()) - before, allowed_growth_kb);
  db.shutdown();
  CAF_CHECK_EQUAL(s.end(), 0);
}

CAF_TEST(a served engine is served through random and mutated frames) {
  auto db = db_engine::connect(s.address());
  db.execute("CREATE TABLE t (x)");
  const auto before = resident_kilobytes(s.pid());
  int n = 0;
  for (std::uint64_t round = 1; round <= 10; ++round) {
    std::thread noise([&] { send_noise(connect(), 1'000 + round, 4'000); });
    for (int i = 0; i < 100; ++i)
      db.execute("INSERT INTO t VALUES (?)", ++n);
    noise.join();
  }
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), n);
  // Only the client has written: noise that happens to form a valid request has an invalid body.
  CAF_CHECK_EQUAL(db.fetch("SELECT name FROM sqlite_schema").size(), 1u);
  CAF_CHECK_LESS(resident_kilobytes(s.pid()) - before, allowed_growth_kb);
  db.shutdown();
  CAF_CHECK_EQUAL(s.end(), 0);
}

CAF_TEST_FIXTURE_SCOPE_END()
