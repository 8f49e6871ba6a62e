// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of the WAL index (-shm), which SQLite has mapped, when another program truncates, deletes
// or replaces it; any number of files is guarded. The process survives, every read and write is
// `fenced` from then on, and what was committed is in the files.

#include "os/guarded_mapping.hpp"
#include "support/engine/engine_fixture.hpp"
#include "support/process/child.hpp"

#include <dbengine/db_engine.hpp>
#include <dbengine/process.hpp>

#include <atomic>
#include <barrier>
#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <memory>
#include <sqlite3.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
namespace fs = std::filesystem;

namespace {

void a_while() {
  std::this_thread::sleep_for(std::chrono::milliseconds(12));
}

bool is_fenced(const std::function<void()>& f) {
  const auto e = failure_of(f);
  if (e.code != errc::fenced)
    std::fprintf(stderr, "not fenced, but %s\n", to_string(e).c_str());
  return e.code == errc::fenced;
}

long rows_in(const fs::path& file) {
  sqlite3* db = nullptr;
  sqlite3_stmt* s = nullptr;
  long n = -1;
  sqlite3_open(file.c_str(), &db);
  if (sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &s, nullptr) == SQLITE_OK &&
      sqlite3_step(s) == SQLITE_ROW)
    n = static_cast<long>(sqlite3_column_int64(s, 0));
  sqlite3_finalize(s);
  sqlite3_close(db);
  return n;
}

constexpr int there = 3'000; // rows, some before and some after the last checkpoint

void fill(db_engine& db) {
  db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x)");
  db.execute("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000) "
             "INSERT INTO t SELECT n, randomblob(1000) FROM c");
  db.checkpoint();
  db.execute("WITH RECURSIVE c(n) AS (SELECT 1001 UNION ALL SELECT n + 1 FROM c WHERE n < 3000) "
             "INSERT INTO t SELECT n, randomblob(1000) FROM c");
}

// Returns a number for what went wrong, 0 for nothing. `first` is the first request after the
// truncation.
int cut_index(off_t keep, const std::function<void(db_engine&)>& first) {
  install_sigbus_handler();
  const engine_folder folder;
  const auto file = folder.path / "test.db";
  {
    db_engine db(folder.url());
    fill(db);
    if (db.fetch("SELECT count(*) FROM t")[0][0].as<long>() != there)
      return 1;
    a_while();
    if (::truncate((file.string() + "-shm").c_str(), keep) != 0)
      return 2;
    const auto e = failure_of([&] { first(db); });
    if (e.code != errc::fenced && e.code != errc::none)
      return 3;
    a_while();
    if (!is_fenced([&] { db.execute("INSERT INTO t VALUES (10000, 1)"); }))
      return 4;
    for (int i = 0; i < 3; ++i)
      if (!is_fenced([&] { db.execute("INSERT INTO t VALUES (10001, 1)"); }) ||
          !is_fenced([&] { db.write([](transaction& tx) { tx.execute("DELETE FROM t"); }); }) ||
          !is_fenced([&] { db.fetch("SELECT count(*) FROM t"); }) ||
          !is_fenced([&] { db.cursor("SELECT id FROM t").next(); }))
        return 5;
    if (db.health().ok || db.health().fenced.find("-shm") == std::string::npos)
      return 6;
  }
  return rows_in(file) == there ? 0 : 7;
}

const std::vector<std::pair<const char*, std::function<void(db_engine&)>>> firsts{
    {"a read", [](db_engine& db) { db.fetch("SELECT count(*) FROM t"); }},
    {"a point read", [](db_engine& db) { db.fetch("SELECT id FROM t WHERE id = 2500"); }},
    {"a write", [](db_engine& db) { db.execute("INSERT INTO t VALUES (10002, 1)"); }},
    {"a group",
     [](db_engine& db) {
       db.execute_many("INSERT INTO t VALUES (?, 1)",
                       std::vector<params>{params{10003}, params{10004}});
     }},
    {"a checkpoint", [](db_engine& db) { db.checkpoint(); }},
    {"a passive checkpoint", [](db_engine& db) { db.checkpoint(checkpoint_mode::passive); }},
    {"VACUUM", [](db_engine& db) { db.vacuum(); }}};

} // namespace

CAF_TEST(an index that is cut short ends reads and writes and not the process) {
  for (const off_t keep : {0, 100, 4096, 20'000})
    for (const auto& [name, first] : firsts) {
      CAF_MESSAGE(keep << " bytes, " << name);
      CAF_CHECK_EQUAL(in_child([&, &f = first] { return cut_index(keep, f); }), 0);
    }
}

CAF_TEST(an index that is deleted or replaced ends writes) {
  for (const bool replaced : {false, true}) {
    const engine_folder folder;
    const auto shm = (folder.path / "test.db").string() + "-shm";
    db_engine db(folder.url());
    fill(db);
    if (replaced) {
      fs::copy_file(shm, shm + ".copy");
      fs::rename(shm + ".copy", shm);
    } else {
      fs::remove(shm);
    }
    a_while();
    const auto e = failure_of([&] { db.execute("DELETE FROM t"); });
    CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::fenced));
    CAF_CHECK(e.outcome == outcome::not_run);
    CAF_CHECK(e.message.find(replaced ? "was replaced" : "was deleted") != std::string::npos);
  }
}

CAF_TEST(threads that meet a missing page at once all go on) {
  // One thread's handler has already mapped a page there when the other's asks which file the
  // address belongs to.
  CAF_CHECK_EQUAL(in_child([] {
                    install_sigbus_handler();
                    const engine_folder folder;
                    const auto path = folder.path / "mapped";
                    constexpr std::size_t page = 4096;
                    constexpr std::size_t pages = 500;
                    std::ofstream(path) << std::string(pages * page, 'x');
                    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
                    struct stat file {};
                    if (fd < 0 || ::fstat(fd, &file) != 0)
                      return 1;
                    os::guarded_mapping guard;
                    guard.set_file(fs::canonical(path).string(), file);
                    const auto* at = static_cast<const volatile char*>(
                        ::mmap(nullptr, pages * page, PROT_READ, MAP_SHARED, fd, 0));
                    if (at == MAP_FAILED || ::truncate(path.c_str(), 0) != 0)
                      return 2;
                    constexpr int readers = 4;
                    std::atomic<long> sum{0};
                    std::barrier together(readers);
                    std::vector<std::thread> all;
                    for (int i = 0; i < readers; ++i)
                      all.emplace_back([&] {
                        for (std::size_t p = 0; p < pages; ++p) {
                          together.arrive_and_wait();
                          sum += at[p * page];
                        }
                      });
                    for (auto& t : all)
                      t.join();
                    return guard.page_faulted() && sum == 0 ? 0 : 3;
                  }),
                  0);
}

CAF_TEST(any number of files is guarded) {
  const auto all = [](bool handler) {
    return in_child([handler] {
      if (handler)
        install_sigbus_handler();
      const engine_folder folder;
      std::vector<std::unique_ptr<db_engine>> engines;
      options o;
      o.num_workers = 1;
      for (int i = 0; i < 70; ++i) {
        auto& db = *engines.emplace_back(
            std::make_unique<db_engine>(folder.url(std::to_string(i) + ".db"), o));
        db.execute("CREATE TABLE t (x)");
        db.execute("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
                   "WHERE n < 100) INSERT INTO t SELECT randomblob(4000) FROM c");
        db.checkpoint();
        db.fetch("SELECT count(x) FROM t");
      }
      for (const int i : {69, 64, 0}) {
        const auto file = folder.path / (std::to_string(i) + ".db");
        auto& db = *engines[static_cast<std::size_t>(i)];
        if (::truncate(file.c_str(), 4096) != 0)
          return 1;
        if (!is_fenced([&] { db.fetch("SELECT sum(length(x)), max(x) FROM t"); }))
          return 2;
      }
      // The other engines continue.
      return engines[30]->fetch("SELECT count(*) FROM t")[0][0].as<long>() == 100 ? 0 : 3;
    });
  };
  CAF_CHECK_EQUAL(all(true), 0);
}

CAF_TEST(every engine of a process that has the file is notified) {
  CAF_CHECK_EQUAL(in_child([] {
                    install_sigbus_handler();
                    const engine_folder folder;
                    options reading;
                    reading.read_only = true;
                    {
                      db_engine db(folder.url());
                      fill(db);
                    }
                    db_engine one(folder.url(), reading);
                    db_engine two(folder.url(), reading);
                    const char* all = "SELECT sum(length(x)), max(x) FROM t";
                    one.fetch(all);
                    two.fetch(all);
                    if (::truncate((folder.path / "test.db").c_str(), 8192) != 0)
                      return 1;
                    return is_fenced([&] { one.fetch(all); }) && is_fenced([&] { two.fetch(all); })
                               ? 0
                               : 2;
                  }),
                  0);
}
