// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of a database that another program truncates while threads read it: no answer has rows that
// were never written, and the process survives.
//
//   readers (points, scans, a cursor)     the engine                       another program
//   right rows .......................... <- mapped, or read page by page
//                                                                          truncate(database)
//   right rows, or `fenced` ............. <- whichever page they read
//   `fenced` from then on, reads and writes

#include "support/engine/engine_fixture.hpp"
#include "support/eventually.hpp"
#include "support/process/child.hpp"

#include <dbengine/db_engine.hpp>
#include <dbengine/process.hpp>

#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
namespace fs = std::filesystem;

namespace {

constexpr int rows_there = 400;

// Longer than two pages, so that it has overflow pages; if these are zeros, nothing marks them as
// invalid.
std::string content(std::int64_t id) {
  std::string s;
  while (s.size() < 9'000)
    s += std::to_string(id) + ".";
  return s;
}

void fill(db_engine& db) {
  db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT)");
  std::vector<params> sets;
  for (int i = 1; i <= rows_there; ++i)
    sets.push_back(params{i, content(i)});
  db.execute_many("INSERT INTO t VALUES (?, ?)", sets);
  db.checkpoint();
}

struct seen {
  std::atomic<int> right{0}, wrong{0}, fenced{0}, other{0};
};

bool is_right(const rows& r) {
  for (const auto& row : r)
    if (row[1].as<std::string>() != content(row[0].as<std::int64_t>()))
      return false;
  return true;
}

void read_once(db_engine& db, int i, seen& s) {
  const auto e = failure_of([&] {
    bool right = false;
    if (i % 3 == 0) {
      const auto all = db.fetch("SELECT id, b FROM t");
      right = all.size() == rows_there && is_right(all);
    } else if (i % 3 == 1) {
      const auto one = db.fetch("SELECT id, b FROM t WHERE id = ?", i * 7 % rows_there + 1);
      right = one.size() == 1 && is_right(one);
    } else {
      auto cursor = db.cursor("SELECT id, b FROM t");
      int n = 0;
      right = true;
      for (auto batch = cursor.next(); !batch.empty(); batch = cursor.next()) {
        n += static_cast<int>(batch.size());
        right = right && is_right(batch);
      }
      right = right && n == rows_there;
    }
    ++(right ? s.right : s.wrong);
  });
  if (e.code == errc::none)
    return;
  if (e.code != errc::fenced)
    std::fprintf(stderr, "%s\n", to_string(e).c_str());
  ++(e.code == errc::fenced ? s.fenced : s.other);
}

// Returns a number for what went wrong, 0 for nothing.
int cut_under_readers(const options& o, off_t keep, bool at_rest) {
  install_sigbus_handler();
  engine_folder folder;
  db_engine db(folder.url(), o);
  fill(db);
  seen s;
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t)
    readers.emplace_back([&, t] {
      for (int i = t; !stop; ++i)
        read_once(db, i, s);
    });
  const bool warm = eventually([&] { return s.right > 60; }, std::chrono::minutes(4));
  if (at_rest) {
    stop = true;
    for (auto& r : readers)
      r.join();
    readers.clear();
  }
  const auto size = static_cast<off_t>(fs::file_size(folder.path / "test.db"));
  const bool cut =
      ::truncate((folder.path / "test.db").c_str(), keep < 0 ? size + keep : keep) == 0;
  stop = false;
  if (at_rest)
    readers.emplace_back([&] {
      for (int i = 0; !stop; ++i)
        read_once(db, i, s);
    });
  const bool noticed = eventually([&] { return s.fenced > 20; }, std::chrono::minutes(4));
  stop = true;
  for (auto& r : readers)
    r.join();
  const int right = s.right;
  for (int i = 0; i < 6; ++i)
    read_once(db, i, s);
  const auto write = failure_of([&] { db.execute("DELETE FROM t"); });
  const auto h = db.health();
  std::fprintf(stderr, "%d right, %d wrong, %d fenced, %d other\n", s.right.load(), s.wrong.load(),
               s.fenced.load(), s.other.load());
  return !warm                                             ? 1
         : !cut                                            ? 2
         : !noticed                                        ? 3
         : s.wrong != 0                                    ? 4
         : s.other != 0                                    ? 5
         : s.right != right                                ? 6 // after it was noticed
         : write.code != errc::fenced                      ? 7
         : h.ok || h.fenced.find("short") == h.fenced.npos ? 8
                                                           : 0;
}

const options mapped{};
const options unmapped{.cache_size = 64 * 1024, .mmap_size = 0}; // few cached pages

} // namespace

CAF_TEST(a mapped file that is cut short ends reads and not the process) {
  for (const off_t keep : {0, 4096, 40 * 4096, 600 * 4096})
    for (const bool at_rest : {false, true})
      CAF_CHECK_EQUAL(in_child([&] { return cut_under_readers(mapped, keep, at_rest); }), 0);
}

CAF_TEST(a file that is read page by page and cut short ends reads) {
  for (const off_t keep : {0, 100, 4096, 40 * 4096, 600 * 4096 + 1000, -1})
    for (const bool at_rest : {false, true})
      CAF_CHECK_EQUAL(in_child([&] { return cut_under_readers(unmapped, keep, at_rest); }), 0);
}

// Negative control of the first test: without the guarded mapping, the process ends.
CAF_TEST(a mapped file of the host still ends the process) {
  CAF_CHECK_EQUAL(in_child([] {
                    engine_folder folder;
                    install_sigbus_handler();
                    const db_engine db(folder.url());
                    const auto path = folder.path / "other";
                    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
                    if (fd < 0 || ::ftruncate(fd, 8192) != 0)
                      return 1;
                    auto* p = static_cast<volatile char*>(
                        ::mmap(nullptr, 8192, PROT_READ, MAP_SHARED, fd, 0));
                    if (p == MAP_FAILED || ::ftruncate(fd, 0) != 0)
                      return 2;
                    return 3 + p[5000];
                  }),
                  -1);
}

CAF_TEST(the handler of SIGBUS before is still called) {
  CAF_CHECK_EQUAL(in_child([] {
                    std::signal(SIGBUS, [](int) { ::_exit(42); });
                    install_sigbus_handler();
                    engine_folder folder;
                    const db_engine db(folder.url());
                    ::raise(SIGBUS);
                    return 1;
                  }),
                  42);
}

CAF_TEST(without the handler an engine leaves signals alone) {
  CAF_CHECK_EQUAL(in_child([] {
                    engine_folder folder;
                    db_engine db(folder.url());
                    fill(db);
                    struct sigaction now {};
                    ::sigaction(SIGBUS, nullptr, &now);
                    return now.sa_handler == SIG_DFL ? 0 : 1;
                  }),
                  0);
}

// The state after the last program closed it: then SQLite itself finds that pages are missing, and
// reports the file as malformed.
CAF_TEST(a file that was opened with an empty log and cut short is fenced on every way to read) {
  const std::vector<std::function<void(db_engine&)>> reads{
      [](db_engine& db) { db.fetch("SELECT id, b FROM t"); },
      [](db_engine& db) {
        auto cursor = db.cursor("SELECT id, b FROM t");
        while (!cursor.next().empty()) {
        }
      },
      [](db_engine& db) { db.read([](snapshot& s) { s.fetch("SELECT id, b FROM t"); }); }};
  for (const auto& read : reads)
    CAF_CHECK_EQUAL(in_child([&] {
                      install_sigbus_handler();
                      const engine_folder folder;
                      {
                        db_engine db(folder.url());
                        fill(db);
                      }
                      db_engine db(folder.url());
                      read(db);
                      if (::truncate((folder.path / "test.db").c_str(), 4096) != 0)
                        return 1;
                      const auto e = failure_of([&] { read(db); });
                      if (e.code != errc::fenced)
                        std::fprintf(stderr, "%s\n", to_string(e).c_str());
                      return e.code == errc::fenced ? 0 : 2;
                    }),
                    0);
}
