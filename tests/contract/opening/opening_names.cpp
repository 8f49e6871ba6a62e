// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that one file has one engine, whatever its name: links, hard links, a removed lock file.
// Also tests paths that are no file.
//
//   a.db ---link--> data/real.db <---hard link--- other.db
//   one read-write engine on any of them; any other is refused at once

#include "support/engine/engine_fixture.hpp"
#include "support/sqlite/plain_sqlite.hpp"

#include <dbengine/db_engine.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <thread>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
namespace fs = std::filesystem;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string text_of(const fs::path& p) {
  std::ifstream f(p, std::ios::binary);
  return {std::istreambuf_iterator<char>(f), {}};
}

} // namespace

CAF_TEST(a link to a file that is not there yet opens that file once) {
  const engine_folder folder;
  fs::create_directory(folder.path / "data");
  fs::create_symlink("data/real.db", folder.path / "app.db");
  fs::create_symlink("app.db", folder.path / "chain.db");
  fs::create_symlink("data", folder.path / "linked");
  db_engine one(folder.url("chain.db"));
  one.execute("CREATE TABLE t (x)");
  CAF_CHECK_EQUAL(one.database_info().path, fs::canonical(folder.path) / "data/real.db");
  CAF_CHECK(fs::exists(folder.path / "data/real.db.lock"));
  for (const auto* name : {"app.db", "chain.db", "data/real.db", "linked/real.db"})
    CAF_CHECK_EQUAL(code_of([&] { db_engine two(folder.url(name)); }), "locked");
  // The engine checks the write-ahead log beside the link's target.
  fs::remove(folder.path / "data/real.db-wal");
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CAF_CHECK_EQUAL(code_of([&] { one.execute("INSERT INTO t VALUES (1)"); }), "fenced");
}

CAF_TEST(links in a circle open nothing) {
  const engine_folder folder;
  fs::create_symlink("a.db", folder.path / "a.db");
  for (const bool read_only : {false, true}) {
    const auto e = failure_of([&] { db_engine db(folder.url("a.db"), {.read_only = read_only}); });
    CAF_CHECK(e.code == errc::cannot_open && has(e.message, "circle"));
  }
}

CAF_TEST(a file with several names is not written) {
  const engine_folder folder;
  { db_engine(folder.url("a.db")).execute("CREATE TABLE t (x)"); }
  const auto before = text_of(folder.path / "a.db");
  fs::create_hard_link(folder.path / "a.db", folder.path / "b.db");
  for (const auto* name : {"a.db", "b.db"}) {
    const auto e = failure_of([&] { db_engine db(folder.url(name)); });
    CAF_CHECK(e.code == errc::cannot_open);
    CAF_CHECK(has(e.message, "2 names") && has(e.message, "write-ahead log"));
    CAF_CHECK(!fs::exists((folder.path / name).string() + ".lock"));
    // No connection writes the file, so it can be read.
    CAF_CHECK(db_engine(folder.url(name), {.read_only = true})
                  .fetch_value<int>("SELECT count(*) FROM t") == 0);
  }
  CAF_CHECK(text_of(folder.path / "a.db") == before);
  fs::remove(folder.path / "b.db");
  db_engine(folder.url("a.db")).execute("INSERT INTO t VALUES (1)");
}

CAF_TEST(a name that a file gets while it is open admits no second engine) {
  const engine_folder folder;
  db_engine one(folder.url("a.db"));
  one.execute("CREATE TABLE t (x)");
  fs::create_hard_link(folder.path / "a.db", folder.path / "b.db");
  const auto e = failure_of([&] { db_engine two(folder.url("b.db")); });
  CAF_CHECK(e.code == errc::locked && has(e.message, "another name"));
  CAF_CHECK_EQUAL(code_of([&] { db_engine two(folder.url("b.db"), {.read_only = true}); }),
                  "locked"); // it would not see what is in the log
  for (int i = 0; i < 100; ++i)
    one.execute("INSERT INTO t VALUES (1)");
  // Under the name that the engine opened, the file can be read.
  CAF_CHECK(db_engine(folder.url("a.db"), {.read_only = true})
                .fetch_value<int>("SELECT count(*) FROM t") == 100);
}

CAF_TEST(a lock file that is removed admits no second engine) {
  const engine_folder folder;
  const auto lock = folder.path / "a.db.lock";
  auto one = std::make_unique<db_engine>(folder.url("a.db"));
  one->execute("CREATE TABLE t (x)");
  fs::remove(lock);
  const auto e = failure_of([&] { db_engine two(folder.url("a.db")); });
  CAF_CHECK(e.code == errc::locked && has(e.message, "lock file removed"));
  CAF_CHECK(!fs::exists(lock));
  one->backup_to(folder.path / "copy.db");
  CAF_CHECK_EQUAL(
      code_of([&] { restore_backup(folder.path / "copy.db", folder.path / "a.db", true); }),
      "locked");
  one->execute("INSERT INTO t VALUES (1)"); // the engine is unaffected
  CAF_CHECK(one->health().fenced.empty());
  // A lock file of another process is not removed.
  std::ofstream(lock) << "1\n";
  one.reset();
  CAF_CHECK(fs::exists(lock));
  db_engine two(folder.url("a.db"));
  CAF_CHECK(two.fetch_value<int>("SELECT count(*) FROM t") == 1);
}

CAF_TEST(the lock on the file keeps no other program from it) { // negative control
  const engine_folder folder;
  db_engine db(folder.url("a.db"));
  db.execute("CREATE TABLE t (x)");
  db_engine reads(folder.url("a.db"), {.read_only = true});
  {
    plain_sqlite other((folder.path / "a.db").string());
    other.script("INSERT INTO t VALUES (1); PRAGMA wal_checkpoint(TRUNCATE)");
  }
  db.execute("INSERT INTO t VALUES (2)");
  CAF_CHECK(reads.fetch_value<int>("SELECT sum(x) FROM t") == 3);
  db.backup_to(folder.path / "copy.db");
  CAF_CHECK(db.integrity_check().empty());
}

CAF_TEST(what is no file is refused at once and not opened) {
  const engine_folder folder;
  const auto at = [&](const char* name) { return folder.path / name; };
  CAF_REQUIRE(::mkfifo(at("pipe.db").c_str(), 0600) == 0);
  CAF_REQUIRE(::mkfifo(at("journal.db-journal").c_str(), 0600) == 0);
  CAF_REQUIRE(::mkfifo(at("log.db-wal").c_str(), 0600) == 0);
  CAF_REQUIRE(::mkfifo(at("locked.db.lock").c_str(), 0600) == 0);
  fs::create_directory(at("folder.db"));
  fs::create_symlink("pipe.db", at("link.db"));
  const int s = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  at("socket.db").string().copy(name.sun_path, sizeof name.sun_path - 1);
  CAF_REQUIRE(::bind(s, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
  ::close(s);
  plain_sqlite(at("made.db").string()).script("CREATE TABLE t (x)");
  for (const auto* db : {"journal.db", "log.db"})
    fs::copy_file(at("made.db"), at(db));
  const std::pair<std::string, const char*> all[] = {
      {folder.url("pipe.db"), "a pipe"},
      {folder.url("link.db"), "a pipe"},
      {folder.url("folder.db"), "a directory"},
      {folder.url("socket.db"), "a socket"},
      {folder.url("journal.db"), "a pipe"},
      {folder.url("log.db"), "a pipe"},
      {"sqlite:////dev/null", "a device"},
      {"sqlite:////dev/zero", "a device"},
      {folder.url("locked.db"), "not a regular file"}};
  for (const bool read_only : {false, true})
    for (const auto& [url, kind] : all) {
      if (read_only && has(url, "locked.db"))
        continue; // a read-only engine takes no lock file
      CAF_MESSAGE(url);
      const auto begin = std::chrono::steady_clock::now();
      const auto e = failure_of([&, &url = url] { db_engine db(url, {.read_only = read_only}); });
      CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::cannot_open));
      CAF_CHECK(has(e.message, kind));
      // An opening that hangs never returns; one that waits takes the 30 s of `busy_timeout`.
      CAF_CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
    }
  CAF_CHECK(!fs::exists(at("locked.db")));
}
