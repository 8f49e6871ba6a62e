// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Does one kind of work on FOLDER/a.db under the recorder, and marks the answers among the records.
//
//   power_cut_victim KIND FOLDER full|normal|off [MUTANT]
//
// Rows are (writer, n, pad); a writer's n count from 1 without a gap. Marks: "row WRITER N" (that
// row and all before it), "gone WRITER N" (deleted up to N), "backup NAME", "restored".
#include "base/fault.hpp"

#include <dbengine/backup.hpp>
#include <dbengine/db_engine.hpp>

#include <cstdio>
#include <dlfcn.h>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

using namespace dbengine;

namespace {

void mark(const std::string& text) {
  static auto* const f =
      reinterpret_cast<void (*)(const char*)>(dlsym(RTLD_DEFAULT, "power_cut_mark"));
  if (f != nullptr)
    f(text.c_str());
}

struct work {
  db_engine db;

  void row(int writer, int n, std::size_t bytes = 300) const {
    db.execute("INSERT INTO t (writer, n, pad) VALUES (?, ?, ?)", writer, n,
               std::string(bytes, static_cast<char>('a' + n % 26)));
    mark("row " + std::to_string(writer) + " " + std::to_string(n));
  }
  void rows(int writer, int from, int to, std::size_t bytes = 300) const {
    for (int n = from; n <= to; ++n)
      row(writer, n, bytes);
  }
  void batch(int writer, int from, int to) const {
    std::vector<params> sets;
    for (int n = from; n <= to; ++n)
      sets.push_back({writer, n, std::string(200, static_cast<char>('a' + n % 26))});
    db.execute_many("INSERT INTO t (writer, n, pad) VALUES (?, ?, ?)", sets);
    mark("row " + std::to_string(writer) + " " + std::to_string(to));
  }
  void drop(int writer, int to) const {
    db.execute("DELETE FROM t WHERE writer = ? AND n <= ?", writer, to);
    mark("gone " + std::to_string(writer) + " " + std::to_string(to));
  }

  void groups() const {
    std::vector<std::jthread> threads;
    for (int w = 1; w <= 4; ++w)
      threads.emplace_back([this, w] { rows(w, 1, 25); });
  }
  void checkpoints() const {
    for (int i = 0; i < 12; ++i) {
      rows(1, i * 6 + 1, i * 6 + 6, 900);
      db.checkpoint(static_cast<checkpoint_mode>(i % 4));
    }
  }
  void vacuum() const {
    for (int i = 0; i < 3; ++i) {
      rows(1, i * 40 + 1, i * 40 + 40, 600);
      drop(1, i * 40 + 30);
      db.vacuum();
      rows(2, i * 5 + 1, i * 5 + 5);
      if (i == 1)
        db.checkpoint();
    }
  }
  void bulk() const {
    for (int i = 0; i < 10; ++i) {
      batch(1, i * 50 + 1, i * 50 + 50);
      if (i % 3 == 2)
        db.checkpoint(checkpoint_mode::passive);
    }
  }
  void backups() const {
    for (int i = 0; i < 4; ++i) {
      rows(1, i * 8 + 1, i * 8 + 8, 1500);
      if (db.request_backup())
        mark("backup " + db.get_backup_info().backup_files.front().filename);
    }
  }
  // A checkpoint is due immediately after each failed sync, and many follow.
  void failing() const {
    for (int n = 1, failed = 0; n <= 60; ++n) {
      try {
        row(1, n, 700);
      } catch (const error& e) {
        if (e.code() == errc::fenced || e.info().outcome == outcome::unknown || ++failed > 100)
          return; // no further guarantees
        --n;      // answered as not done
      }
      if (n % 5 == 0)
        try {
          db.checkpoint(checkpoint_mode::passive);
        } catch (const error&) { // the purpose of the failing sync
        }
    }
  }
};

int run(const std::string& kind, const std::filesystem::path& folder, synchronous level) {
  if (kind == "restore" || kind == "restore_new") {
    restore_backup(folder / "backup.sqlite", folder / "a.db", true);
    mark("restored");
    return 0;
  }
  options o;
  o.synchronous = level;
  o.backup_dir = folder / "backups";
  o.backup_compress = kind == "packed";
  work w{db_engine((folder / "a.db").string(), std::move(o))};
  w.db.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, writer, n, pad)");
  w.db.execute("CREATE UNIQUE INDEX IF NOT EXISTS i ON t (writer, n)");
  mark("row 1 0");
  if (kind == "groups")
    w.groups();
  else if (kind == "checkpoints")
    w.checkpoints();
  else if (kind == "vacuum")
    w.vacuum();
  else if (kind == "bulk")
    w.bulk();
  else if (kind == "backups" || kind == "packed")
    w.backups();
  else if (kind == "convert")
    w.rows(2, 1, 15);
  else if (kind == "opening")
    w.rows(1, 1, 3);
  else if (kind == "failing")
    w.failing();
  else
    return 2;
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5)
    return 2;
#ifdef DBENGINE_FAULTS
  base::fault::set_mutant(argc == 5 ? argv[4] : "");
#endif
  const std::string level = argv[3];
  try {
    return run(argv[1], argv[2],
               level == "full"     ? synchronous::full
               : level == "normal" ? synchronous::normal
                                   : synchronous::off);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
