// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of what the pages and the log of a server report about its disk.
//
//   disk               server                         probes
//   filled by others   one line in the log            /readyz 503, /healthz 200
//   space again        one line, writes by itself     /readyz 200

#include "support/eventually.hpp"
#include "support/faults/small_disk.hpp"
#include "support/process/program.hpp"
#include "support/wire/http.hpp"

#include <dbengine/db_engine.hpp>

#include <csignal>
#include <fstream>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++n;
  return n;
}

} // namespace

CAF_TEST(a full disk fails readiness and not liveness and has one line in the log) {
  const small_disk disk("size=4m");
  if (!disk.mounted())
    DBENGINE_SKIP("no file system can be mounted here");
  program p({"serve", disk.file("a.db").string(), "--http", "0", "--listen", "127.0.0.1:0"});
  CAF_REQUIRE(p.says("ready: "));
  const auto pages = port_behind(p.err(), "http://127.0.0.1:");
  const auto db = db_engine::connect(
      "127.0.0.1:" + std::to_string(port_behind(p.err(), "published at 127.0.0.1:")));
  db.execute("CREATE TABLE t (b)");
  CAF_CHECK_EQUAL(http(pages, "/readyz").status, 200);
  { std::ofstream(disk.file("ballast")) << std::string(4 << 20, 'x'); }
  for (int i = 0; i < 3; ++i) {
    CAF_CHECK_EQUAL(code_of([&] { db.execute("INSERT INTO t VALUES (zeroblob(100000))"); }),
                    "disk_full");
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 0);
    const auto ready = http(pages, "/readyz");
    CAF_CHECK_EQUAL(ready.status, 503);
    CAF_CHECK(ready.body.find("the disk of the database is full") != std::string::npos);
    CAF_CHECK_EQUAL(http(pages, "/healthz").status, 200);
  }
  std::filesystem::remove(disk.file("ballast"));
  // No write has to come first.
  CAF_CHECK(eventually([&] { return http(pages, "/readyz").status == 200; }));
  CAF_CHECK_EQUAL(code_of([&] { db.execute("INSERT INTO t VALUES (zeroblob(100000))"); }), "none");
  p.signal(SIGTERM);
  CAF_CHECK_EQUAL(p.wait(), 0);
  CAF_CHECK_EQUAL(times(p.err(), "the disk of the database is full"), 2u);
  CAF_CHECK_EQUAL(times(p.err(), "over: the disk of the database is full"), 1u);
}
