// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A database and folders for the tests of backups.
#pragma once

#include "backup/backup_job.hpp"
#include "backup/retention.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sqlite3.h>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace dbengine::test {

/// A separate folder that is removed at the end of the test.
struct temporary_folder {
  std::filesystem::path path;

  temporary_folder() {
    auto name = (std::filesystem::temp_directory_path() / "dbengine-backup-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      throw std::runtime_error("mkdtemp");
    path = name;
  }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
};

inline sqlite::database_handle open_plain(const std::filesystem::path& path) {
  return sqlite::open_database(path.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr,
                               "open");
}

inline std::int64_t number(sqlite3* db, const std::string& sql) {
  return std::stoll(sqlite::column_of(db, sql, "query").at(0));
}

/// A live WAL database with a table `t (id, v)` of `rows` rows of 100 bytes and an index.
struct backup_fixture {
  temporary_folder folder;
  std::filesystem::path database = folder.path / "live.db";
  std::filesystem::path backups = folder.path / "backups";
  sqlite::database_handle db = open_plain(database);

  explicit backup_fixture(int rows = 1000) {
    sqlite::run_sql(db.get(),
                    "PRAGMA journal_mode = wal; PRAGMA synchronous = normal;"
                    "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); CREATE INDEX i ON t (v);"
                    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT " +
                        std::to_string(rows) +
                        ") INSERT INTO t SELECT x, printf('%0100d', x) FROM c",
                    "fill");
  }

  backup::backup_settings settings() const {
    return {.database = database.string(),
            .engine_version = DBENGINE_VERSION,
            .directory = backups,
            .pause = std::chrono::milliseconds(0)};
  }
  std::string source() const { return backup::source_identity(database.string()); }
  backup_file make(backup::backup_settings s) const {
    return backup::backup_job::start(std::move(s))->run();
  }
  backup_file make() const { return make(settings()); }

  /// The files in the backup folder except the lock file.
  std::vector<std::string> files() const {
    std::vector<std::string> result;
    if (std::filesystem::exists(backups))
      for (const auto& e : std::filesystem::directory_iterator(backups))
        if (e.path().filename() != backup::backup_lock_name)
          result.push_back(e.path().filename().string());
    std::sort(result.begin(), result.end());
    return result;
  }
};

/// The code of the error that `f` throws; `none` if it throws nothing.
template <class F>
errc code_of(F&& f) {
  try {
    f();
  } catch (const error& e) {
    return e.code();
  }
  return errc::none;
}

inline void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// Overwrites one byte.
inline void damage(const std::filesystem::path& path, std::streamoff offset) {
  std::fstream f(path, std::ios::binary | std::ios::in | std::ios::out);
  f.seekp(offset);
  f.write("\xA5\x5A\xA5\x5A", 4);
}

} // namespace dbengine::test
