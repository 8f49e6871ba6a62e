// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// Plain SQLite beside an engine, as any other program would use the file:
//
//   foreign_writer FILE NUMBER SEED KIND
//
// KIND: "mixed" writes, checkpoints in every mode, vacuums, changes the schema, closes and opens;
// "commits" only commits.
//
// Inserts (NUMBER, 1), (NUMBER, 2) … into `f` until its input ends. Then prints how far it came and
// what else it did, or what went wrong. Retries if the database is busy.

#include <poll.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <sqlite3.h>
#include <string>
#include <thread>

namespace {

struct writer {
  std::string file;
  std::string number;
  std::minstd_rand random;
  sqlite3* db = nullptr;
  long rows = 0, checkpoints = 0, vacuums = 0, schemas = 0, busy = 0;
  bool indexed = false;
  std::string wrong = {};

  int up_to(int n) { return std::uniform_int_distribution<int>(1, n)(random); }

  bool sql(const std::string& text) {
    char* message = nullptr;
    const int rc = sqlite3_exec(db, text.c_str(), nullptr, nullptr, &message);
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
      wrong = text + ": " + (message != nullptr ? message : sqlite3_errstr(rc));
    busy += rc != SQLITE_OK ? 1 : 0;
    sqlite3_free(message);
    if (rc != SQLITE_OK && sqlite3_get_autocommit(db) == 0)
      sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
    return rc == SQLITE_OK;
  }

  void open() {
    if (sqlite3_open(file.c_str(), &db) != SQLITE_OK)
      wrong = std::string("open: ") + sqlite3_errmsg(db);
    sqlite3_busy_timeout(db, 20'000);
    sql("PRAGMA synchronous=NORMAL");
    sql(up_to(2) == 1 ? "PRAGMA wal_autocheckpoint=0" : "PRAGMA wal_autocheckpoint=200");
    if (up_to(2) == 1)
      sql("PRAGMA journal_size_limit=100000");
  }

  void insert() {
    const auto n = std::to_string(rows + 1);
    if (sql("INSERT INTO f VALUES (" + number + ", " + n + ", randomblob(" +
            std::to_string(up_to(2000)) + "))"))
      ++rows;
    if (rows % 1000 == 0) // the trigger counts deleted rows
      sql("DELETE FROM f WHERE who = " + number + " AND n < " + n + " - 500");
  }

  void checkpoint() {
    const int rc = sqlite3_wal_checkpoint_v2(db, "main", up_to(4) - 1, nullptr, nullptr);
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
      wrong = std::string("checkpoint: ") + sqlite3_errmsg(db);
    checkpoints += rc == SQLITE_OK ? 1 : 0;
  }

  void change_schema() {
    const auto table = "s" + number;
    switch (up_to(3)) {
    case 1:
      sql(indexed ? "DROP INDEX i" + number
                  : "CREATE INDEX i" + number + " ON " + table + "(length(b))") &&
          (indexed = !indexed);
      break;
    case 2:
      if (sql("ALTER TABLE " + table + " RENAME TO t" + number))
        sql("ALTER TABLE t" + number + " RENAME TO " + table);
      break;
    default:
      sql("BEGIN IMMEDIATE; ALTER TABLE " + table + " ADD COLUMN x; ALTER TABLE " + table +
          " DROP COLUMN x; COMMIT");
    }
    ++schemas;
  }

  void mixed() {
    const int what = up_to(1000);
    if (what <= 20)
      sql("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 100) "
          "INSERT INTO s" +
          number + "(b) SELECT randomblob(4000) FROM c");
    else if (what <= 35)
      sql("DELETE FROM s" + number);
    else if (what <= 60)
      checkpoint();
    else if (what <= 66)
      vacuums += sql("VACUUM") ? 1 : 0;
    else if (what <= 80)
      change_schema();
    else if (what <= 84) {
      sqlite3_close(db);
      open();
    } else
      insert();
  }
};

bool input_ended() {
  pollfd input{.fd = 0, .events = POLLIN, .revents = 0};
  return ::poll(&input, 1, 0) != 0;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 5)
    return 2;
  writer w{argv[1], argv[2], std::minstd_rand(static_cast<unsigned>(std::atol(argv[3])))};
  const bool commits = std::string(argv[4]) == "commits";
  w.open();
  const auto start = std::chrono::steady_clock::now();
  while (w.wrong.empty() && !input_ended()) {
    if (commits)
      w.insert();
    else
      w.mixed();
    // Fast for a second, slow for a second.
    if (!commits && (std::chrono::steady_clock::now() - start) % std::chrono::seconds(2) >
                        std::chrono::seconds(1))
      std::this_thread::sleep_for(std::chrono::microseconds(w.up_to(3000)));
  }
  sqlite3_close(w.db);
  std::printf("%ld %ld %ld %ld %ld %s\n", w.rows, w.checkpoints, w.vacuums, w.schemas, w.busy,
              w.wrong.c_str());
  return w.wrong.empty() ? 0 : 1;
}
