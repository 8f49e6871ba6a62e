// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "raw_sqlite.hpp"
#include "subject.hpp"

namespace dbengine::bench {

person make_person(std::int64_t number) {
  const auto n = std::to_string(number);
  return {"user number " + n, "user" + n + "@example.com", static_cast<double>(number) / 2};
}

std::vector<std::string> twin_pragmas(const open_settings& o) {
  const char* sync = o.synchronous == synchronous::full     ? "FULL"
                     : o.synchronous == synchronous::normal ? "NORMAL"
                                                            : "OFF";
  return {"PRAGMA journal_mode = WAL",
          std::string("PRAGMA synchronous = ") + sync,
          "PRAGMA cache_size = -" + std::to_string(o.cache_size / 1024),
          "PRAGMA mmap_size = " + std::to_string(o.mmap_size),
          "PRAGMA foreign_keys = ON",
          "PRAGMA secure_delete = FAST",
          "PRAGMA wal_autocheckpoint = " + std::to_string(defaults::checkpoint_pages),
          "PRAGMA temp_store = MEMORY"};
}

void make_template(const std::filesystem::path& file) {
  raw::connection c(file, true);
  c.run("PRAGMA journal_mode = WAL");
  for (const char* table : {"users", "log"})
    c.run(std::string("CREATE TABLE ") + table +
          " (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, score REAL)");
  c.run("BEGIN");
  raw::statement insert(c, "INSERT INTO users (name, email, score) VALUES (?, ?, ?)");
  for (std::int64_t i = 1; i <= user_count; ++i)
    insert.run(make_person(i));
  c.run("COMMIT");
  c.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

} // namespace dbengine::bench
