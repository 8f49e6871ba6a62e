// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The excerpts of docs/guide.md, compiled and run by the tests. Works in the current folder.

#include <dbengine/backup.hpp>
#include <dbengine/db_engine.hpp>

#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

struct user {
  std::int64_t id;
  std::string name;
  std::optional<std::string> email;
};

// The excerpts of the guide are between pairs of marks.

bool write_and_maintain(dbengine::db_engine& db);

int guide() {
  // [tour]
  dbengine::db_engine db("sqlite:///app.db", {.num_workers = 2,
                                              .backup_enabled = true,
                                              .backup_interval = 30min,
                                              .backup_dir = "./backups",
                                              .backup_cleanup_keep_count = 10});
  // [tour]
  // [tour]
  db.execute(
      "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT)");
  auto done = db.execute("INSERT INTO users (name, email) VALUES (:name, :email)",
                         {{"name", "John Doe"}, {"email", "john@example.com"}});
  std::printf("row %lld, %lld changed\n", static_cast<long long>(done.last_insert_rowid),
              static_cast<long long>(done.changes));
  // [tour]
  // [tour]
  const std::vector<dbengine::params> people{{{"name", "Ada"}}, {{"name", "Grace"}}};
  auto count = db.execute_many("INSERT INTO users (name) VALUES (:name)", people).sets;
  // [tour]
  // [tour]
  for (const auto& row :
       db.fetch("SELECT id, name FROM users WHERE name = :name", {{"name", "Ada"}}))
    std::printf("%d %s\n", row["id"].as<int>(), row["name"].as<std::string>().c_str());

  auto users = db.fetch_as<user>("SELECT id, name, email FROM users ORDER BY id");
  auto how_many = db.fetch_value<std::int64_t>("SELECT count(*) FROM users").value();
  auto first = db.fetch_one("SELECT name FROM users WHERE id = ?", 1);
  // [tour]
  // [tour]
  auto results = db.execute_transaction({
      dbengine::operation::execute("INSERT INTO users (name) VALUES (:name)", {{"name", "User1"}}),
      dbengine::operation::fetch("SELECT count(*) AS n FROM users"),
  });
  auto n = results[1].rows()[0]["n"].as<int>();
  // [tour]
  return count == 2 && users.size() == 3 && how_many == 3 && first && n == 4 &&
                 write_and_maintain(db)
             ? 0
             : 1;
}

bool write_and_maintain(dbengine::db_engine& db) {
  // [tour]
  auto id = db.write([](dbengine::transaction& tx) {
    if (tx.fetch_value<int>("SELECT count(*) FROM users").value() > 100)
      throw std::runtime_error("too many"); // rolls back
    return tx.execute("INSERT INTO users (name) VALUES ('Barbara')").last_insert_rowid;
  });
  // [tour]
  // [tour]
  if (db.request_backup()) { // false: one is running already
    auto info = db.get_backup_info();
    const auto& newest = info.backup_files.front();
    auto report = dbengine::verify_backup(newest.path);
    std::printf("%s, %llu bytes, %s\n", newest.filename.c_str(),
                static_cast<unsigned long long>(newest.size_bytes), report.ok ? "good" : "bad");
  }
  // [tour]
  // [tour]
  {
    auto raw = db.raw_connection(); // all other writes wait for the end of this scope
    raw.execute("PRAGMA user_version = 3");
    sqlite3* handle = raw.native_handle(); // for SQLite's own functions
    static_cast<void>(handle);
  }
  // [tour]
  // [tour]
  auto stats = db.get_stats();
  std::printf("requests %llu, errors %llu, backups %llu\n",
              static_cast<unsigned long long>(stats.requests),
              static_cast<unsigned long long>(stats.errors),
              static_cast<unsigned long long>(stats.backups));
  // [tour]
  // [tour]
  try {
    db.execute("INSERT INTO users (nmae) VALUES ('x')");
  } catch (const dbengine::error& e) {
    // e.code() is errc::sql, e.outcome() the outcome of the request,
    // e.offset() the position in the text
    std::printf("%s\n", e.what());
  }
  // [tour]
  // [tour]
  db.shutdown(); // the destructor does it, too
  // [tour]
  return id == 5;
}

} // namespace

int main() {
  try {
    return guide();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
