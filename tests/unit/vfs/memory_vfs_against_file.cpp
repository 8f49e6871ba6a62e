// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Compares the memory VFS with SQLite's VFS on a file: the same random statements must give the
// same answers and, at the end, the same bytes.

#include "vfs/memory_vfs.hpp"

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include <unistd.h>

#include "support/test.hpp" // last

namespace {

using namespace dbengine::vfs;
namespace fs = std::filesystem;

struct closer {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};

using connection = std::unique_ptr<sqlite3, closer>;

connection open(const std::string& name, const char* vfs) {
  sqlite3* db = nullptr;
  CAF_REQUIRE_EQUAL(
      sqlite3_open_v2(name.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs),
      SQLITE_OK);
  return connection(db);
}

/// All results of `sql`: the rows of all its statements, the changes, the error.
std::string run(sqlite3* db, const std::string& sql) {
  std::string result;
  auto row = [](void* out, int n, char** values, char**) {
    for (int i = 0; i < n; ++i)
      static_cast<std::string*>(out)->append(values[i] != nullptr ? values[i] : "null").append("|");
    static_cast<std::string*>(out)->append(";");
    return 0;
  };
  const int rc = sqlite3_exec(db, sql.c_str(), row, &result, nullptr);
  if (rc != SQLITE_OK)
    result += "error " + std::to_string(sqlite3_extended_errcode(db)) + ": " + sqlite3_errmsg(db);
  return result + " changes " + std::to_string(sqlite3_changes(db));
}

class statements {
public:
  explicit statements(unsigned seed) : random_(seed) {}

  std::string next() {
    const auto id = [this] { return std::to_string(pick(400)); };
    const std::string table = pick(2) == 0 ? "a" : "b";
    const std::string size = std::to_string(pick(20) == 0 ? pick(60'000) : pick(700));
    const std::string value = "printf('%0" + size + "d', " + id() + ")";
    switch (pick(24)) {
    case 0: return "BEGIN";
    case 1: return "COMMIT";
    case 2: return "ROLLBACK";
    case 3: return "SAVEPOINT s";
    case 4: return "ROLLBACK TO s";
    case 5: return "RELEASE s";
    case 6: return "DELETE FROM " + table + " WHERE id BETWEEN " + id() + " AND " + id();
    case 7:
      return "UPDATE " + table + " SET v = " + value + " WHERE id % 7 = " + std::to_string(pick(7));
    case 8: return "CREATE INDEX IF NOT EXISTS i ON " + table + " (v)";
    case 9: return "DROP INDEX IF EXISTS i";
    case 10: return "SELECT count(*), total(id), total(length(v)), min(v), max(v) FROM " + table;
    case 11: return "SELECT a.id, length(b.v) FROM a JOIN b USING (id) ORDER BY b.v, id LIMIT 20";
    case 12: return "INSERT INTO " + table + " SELECT id + 400, v FROM " + table + " WHERE id < 20";
    case 13: return pick(6) == 0 ? "VACUUM" : "PRAGMA page_count";
    case 14:
      return pick(2) == 0 ? "PRAGMA wal_checkpoint(TRUNCATE)" : "PRAGMA wal_checkpoint(PASSIVE)";
    case 15: return "PRAGMA freelist_count";
    case 16: return "PRAGMA integrity_check";
    case 17: return "INSERT OR ROLLBACK INTO " + table + " VALUES (" + id() + ", 'conflict')";
    default: return "INSERT OR REPLACE INTO " + table + " VALUES (" + id() + ", " + value + ")";
    }
  }

private:
  unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }

  std::mt19937 random_;
};

std::string bytes_of(sqlite3* db) {
  sqlite3_int64 size = 0;
  std::unique_ptr<unsigned char, void (*)(void*)> data(sqlite3_serialize(db, "main", &size, 0),
                                                       sqlite3_free);
  CAF_REQUIRE(data != nullptr);
  return {reinterpret_cast<const char*>(data.get()), static_cast<std::size_t>(size)};
}

void compare(const std::string& journal_mode, unsigned seed) {
  const auto idle = dbengine::vfs::memory_vfs_bytes();
  const fs::path path =
      fs::temp_directory_path() / ("dbengine-memory-vfs-" + std::to_string(getpid()) + ".db");
  {
    auto memory = open(dbengine::vfs::unique_memory_name(), dbengine::vfs::register_memory_vfs());
    auto file = open(path.string(), nullptr);
    statements source(seed);
    const std::string schema = "PRAGMA journal_mode=" + journal_mode +
                               "; PRAGMA synchronous=off; PRAGMA cache_size=20;"
                               "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT);"
                               "CREATE TABLE b (id INTEGER PRIMARY KEY, v TEXT)";
    CAF_CHECK_EQUAL(run(memory.get(), schema), run(file.get(), schema));
    int failed = 0;
    for (int i = 0; i < 2000; ++i) {
      const auto sql = source.next();
      const auto expected = run(file.get(), sql);
      const auto got = run(memory.get(), sql);
      failed += expected.find("error") != std::string::npos ? 1 : 0;
      if (got != expected)
        CAF_FAIL("statement " << i << ": " << sql << "\nmemory: " << got << "\nfile: " << expected);
    }
    CAF_MESSAGE(journal_mode << ": " << failed << " of 2000 statements failed, on both alike");
    CAF_CHECK(failed > 0 && failed < 1000);
    if (sqlite3_get_autocommit(file.get()) == 0)
      CAF_CHECK_EQUAL(run(memory.get(), "COMMIT"), run(file.get(), "COMMIT"));
    CAF_CHECK_EQUAL(run(memory.get(), "PRAGMA integrity_check").substr(0, 2), "ok");
    CAF_CHECK_EQUAL(run(file.get(), "PRAGMA integrity_check").substr(0, 2), "ok");
    auto from_memory = bytes_of(memory.get());
    auto from_file = bytes_of(file.get());
    CAF_CHECK(from_file.size() > 4096 * 10);
    CAF_CHECK(from_memory == from_file);
    // The control: the comparison detects one row.
    CAF_CHECK_NOT_EQUAL(
        run(memory.get(), "DELETE FROM a; INSERT INTO a VALUES (1, 2); SELECT * FROM a"),
        run(file.get(), "DELETE FROM a; INSERT INTO a VALUES (1, 3); SELECT * FROM a"));
  }
  for (const char* suffix : {"", "-wal", "-shm", "-journal"})
    fs::remove(path.string() + suffix);
  CAF_CHECK_EQUAL(memory_vfs_bytes(), idle);
}

} // namespace

CAF_TEST(random statements answer as on a file with a log) {
  compare("wal", 1);
  compare("wal", 2);
}

CAF_TEST(random statements answer as on a file with a journal) {
  compare("delete", 3);
  compare("persist", 4);
  compare("truncate", 5);
}
