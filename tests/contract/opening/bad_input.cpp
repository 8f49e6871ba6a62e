// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of what an engine refuses to open or to run: the reason is returned, and nothing is created
// or changed.

#include "support/engine/backends.hpp"
#include "support/engine/engine_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include <unistd.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
namespace fs = std::filesystem;

namespace {

std::string name(const error_info& e) {
  return std::string(to_string(e.code));
}

/// The error of opening, which is the same on every backend: the facade, the host of a handle, and
/// the host of a port.
error_info opening(const std::string& url, const options& o = {}) {
  const auto expected = failure_of([&] { db_engine db(url, o); });
  for (const auto& w : backends()) {
    const auto e = failure_of([&] { w.open(url, o); });
    CAF_CHECK_EQUAL(std::string(w.name) + ": " + name(e), w.name + (": " + name(expected)));
    CAF_CHECK_EQUAL(e.message, expected.message);
  }
  return expected;
}

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

} // namespace

CAF_TEST(a URL that is none is refused with the part at fault) {
  for (const auto* url : {"postgres://host/db", "sqlite:/x.db", "http://example.com/x.db", ""}) {
    CAF_MESSAGE("URL " << url);
    auto e = opening(url);
    CAF_CHECK_EQUAL(name(e), "invalid_url");
    CAF_CHECK(!e.message.empty());
  }
  CAF_CHECK(opening("postgres://host/db").message.find("postgres") != std::string::npos);
}

CAF_TEST(a missing directory is refused and not made) {
  engine_folder folder;
  auto e = opening(folder.url("missing/x.db"));
  CAF_CHECK_EQUAL(name(e), "cannot_open");
  CAF_CHECK(e.message.find("missing") != std::string::npos);
  CAF_CHECK_EQUAL(entries(folder.path), 0u);
  CAF_CHECK(opening((folder.path / "bare.db").string()).code == errc::none);
  CAF_CHECK(fs::exists(folder.path / "bare.db"));
}

CAF_TEST(a directory in the place of the file is refused) {
  engine_folder folder;
  fs::create_directory(folder.path / "test.db");
  CAF_CHECK_EQUAL(name(opening(folder.url())), "cannot_open");
  CAF_CHECK_EQUAL(entries(folder.path / "test.db"), 0u);
}

CAF_TEST(a file that is no database stays as it is) {
  engine_folder folder;
  std::string garbage;
  for (int i = 0; i < 10000; ++i)
    garbage += static_cast<char>('a' + i * 7 % 26);
  std::ofstream(folder.path / "test.db", std::ios::binary) << garbage;
  CAF_CHECK_EQUAL(name(opening(folder.url())), "not_a_database");
  CAF_CHECK(bytes_of(folder.path / "test.db") == garbage);
  CAF_CHECK_EQUAL(name(opening(folder.url(), {.read_only = true})), "not_a_database");
  CAF_CHECK(bytes_of(folder.path / "test.db") == garbage);
}

CAF_TEST(the error of a second engine on one file names the holder) {
  engine_folder folder;
  {
    db_engine first(folder.url());
    first.execute("CREATE TABLE t (x)");
    auto e = opening(folder.url());
    CAF_CHECK_EQUAL(name(e), "locked");
    CAF_CHECK(e.message.find(std::to_string(getpid())) != std::string::npos);
    first.execute("INSERT INTO t VALUES (1)");
    db_engine reader(folder.url(), {.read_only = true});
    CAF_CHECK_EQUAL(reader.fetch_value<int>("SELECT count(*) FROM t").value_or(0), 1);
  }
  CAF_CHECK(opening(folder.url()).code == errc::none);
}

CAF_TEST(options beyond their range are refused before anything is made) {
  engine_folder folder;
  CAF_CHECK_EQUAL(name(opening(folder.url(), {.num_workers = 0})), "invalid_option");
  CAF_CHECK_EQUAL(name(opening(folder.url(), {.num_workers = -1})), "invalid_option");
  CAF_CHECK_EQUAL(name(opening(folder.url(), {.num_workers = 65})), "invalid_option");
  options keep_none;
  keep_none.backup_cleanup_keep_count = 0;
  CAF_CHECK_EQUAL(name(opening(folder.url(), keep_none)), "invalid_option");
  CAF_CHECK_EQUAL(entries(folder.path), 0u);
}

CAF_TEST(a read - only engine refuses writes) {
  engine_folder folder;
  CAF_CHECK_EQUAL(name(opening(folder.url(), {.read_only = true})), "cannot_open");
  CAF_CHECK_EQUAL(entries(folder.path), 0u);
  { db_engine(folder.url()).execute("CREATE TABLE t (x)"); }
  for (const auto& w : backends()) {
    const auto open = w.open(folder.url(), {.read_only = true});
    const request_view db(*open, {});
    CAF_CHECK_EQUAL(code_of([&] { db.execute("INSERT INTO t VALUES (1)"); }), "read_only");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("INSERT INTO t VALUES (1) RETURNING x"); }),
                    "read_only");
    CAF_CHECK_EQUAL(code_of([&] { db.with_id("a").execute("DELETE FROM t"); }), "read_only");
    CAF_CHECK_EQUAL(code_of([&] { db.write([](transaction&) {}); }),
                    w.interactive ? "read_only" : "not_allowed");
    CAF_CHECK_EQUAL(code_of([&] { db.execute_transaction({operation::execute("DELETE FROM t")}); }),
                    "read_only");
    CAF_CHECK_EQUAL(code_of([&] { db.vacuum(); }), "read_only");
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 0);
    CAF_CHECK(open->database_info().read_only);
  }
}

CAF_TEST(a statement with a NUL byte is refused) {
  on_every_backend([](target& db) {
    using namespace std::string_view_literals;
    CAF_CHECK(failure_of([&] { db.fetch("SELECT 1\0, 2"sv); }).code != errc::none);
    CAF_CHECK(failure_of([&] { db.execute("CREATE TABLE t (x)\0; garbage"sv); }).code !=
              errc::none);
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM sqlite_master").value_or(-1), 0);
  });
}

CAF_TEST(an unsigned value beyond 64 signed bits is refused) {
  on_every_backend([](target& db) {
    constexpr auto edge = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    CAF_CHECK(db.fetch_value<std::uint64_t>("SELECT ?", edge) == edge);
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT ?", edge + 1); }), "range");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT :v", {{"v", edge + 1}}); }), "range");
  });
}
