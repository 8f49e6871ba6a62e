// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A program that writes, backs up, removes old backups and restores until it is killed.
//
//   backup_loop FOLDER POINTS careful|careless
//
// Kills itself at the POINTS-th point that it reaches, or never if POINTS is 0. Prints a line when
// it has begun. `careless` is a negative control: it writes backups directly under the final name,
// manifest first.
#include "backup/backup_job.hpp"
#include "backup/backup_restore.hpp"
#include "backup/retention.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sqlite3.h>
#include <unistd.h>

using namespace dbengine;

namespace {

long points_left = 0;

void at(std::string_view) {
  if (points_left > 0 && --points_left == 0)
    (void)raise(SIGKILL);
}

void careless_backup(sqlite3* db, const std::filesystem::path& folder,
                     const std::filesystem::path& database) {
  const auto good = dbengine::backup::backup_job::start(
      {.database = database.string(), .target = folder / "careless"});
  good->run();
  const auto name =
      dbengine::backup::backup_name{.time = std::chrono::sys_seconds(std::chrono::seconds(
                                        1'000'000'000 + sqlite3_total_changes(db)))}
          .str();
  auto about = good->about();
  about.file = name;
  std::ofstream(folder / (name + ".json")) << about.to_json();
  std::ifstream in(folder / "careless", std::ios::binary);
  std::ofstream out(folder / name, std::ios::binary);
  for (char block[512]; in.read(block, sizeof block);) {
    out.write(block, sizeof block).flush();
    at("byte");
  }
  std::filesystem::remove(folder / "careless");
  std::filesystem::remove(folder / "careless.json");
}

// Backs up to a path, which only the next backup under that name cleans, not an engine.
void back_up_to_path(const std::filesystem::path& database, const std::filesystem::path& folder,
                     int round) {
  const auto given = folder / (round % 2 == 0 ? "packed.db.zst" : "given.db");
  std::filesystem::remove(given);
  at("given removed");
  std::filesystem::remove(given.string() + ".json");
  dbengine::backup::backup_job::start({.database = database.string(),
                                       .target = given,
                                       .compress = round % 2 == 0,
                                       .pages_per_step = 16,
                                       .pause = {},
                                       .at = at})
      ->run();
}

// The next restore finds the database in WAL mode, with a log that must be merged.
void write_to_restored(const std::filesystem::path& folder) {
  const auto restored = dbengine::sqlite::open_database((folder / "restored.db").string(),
                                                        SQLITE_OPEN_READWRITE, nullptr, "open");
  sqlite3_db_config(restored.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  at("wal");
  dbengine::sqlite::run_sql(restored.get(),
                            "PRAGMA journal_mode = wal; INSERT INTO t (v) VALUES ('in the log')",
                            "write");
  at("wal written");
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4)
    return 2;
  const std::filesystem::path folder = argv[1];
  points_left = std::atol(argv[2]);
  const bool careful = std::string_view(argv[3]) == "careful";
  const auto database = folder / "live.db";
  const auto backups = folder / "backups";
  dbengine::backup::clean_backup_directory(backups);
  dbengine::backup::clean_after_restore(folder / "restored.db");
  const auto db = dbengine::sqlite::open_database(
      database.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr, "open");
  dbengine::sqlite::run_sql(
      db.get(),
      "PRAGMA journal_mode = wal; CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, v TEXT)",
      "set up");
  std::puts("begun");
  std::fflush(stdout);
  for (int round = 0;; ++round) {
    dbengine::sqlite::run_sql(
        db.get(),
        "INSERT INTO t (v) SELECT printf('%0200d', 1) FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8));"
        "DELETE FROM t WHERE id < (SELECT max(id) FROM t) - 400",
        "write");
    if (careful)
      dbengine::backup::backup_job::start({.database = database.string(),
                                           .directory = backups,
                                           .compress = round % 3 == 1,
                                           .pages_per_step = 4,
                                           .pause = {},
                                           .at = at})
          ->run();
    else
      careless_backup(db.get(), backups, database);
    if (careful)
      back_up_to_path(database, folder, round);
    dbengine::backup::apply_retention(backups, dbengine::backup::source_identity(database.string()),
                                      {.keep_count = 3}, std::chrono::system_clock::now(), false,
                                      at);
    const auto listed = dbengine::backup::list_backups(backups);
    if (careful)
      dbengine::backup::restore({.backup = listed.front().path,
                                 .target = folder / "restored.db",
                                 .force = true,
                                 .at = at});
    if (careful && round % 2 == 0)
      write_to_restored(folder);
  }
}
