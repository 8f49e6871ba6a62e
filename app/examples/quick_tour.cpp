// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The twenty lines of README.md, compiled and run by the tests. Works in the current folder.

#include <dbengine/db_engine.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace {

/// The lines of the README are between the two marks.
int tour() {
  // [tour]
  dbengine::db_engine db("sqlite:///tour.db");
  db.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)");
  db.execute("INSERT INTO users (name) VALUES (:name)", {{"name", "Ada"}});
  for (const auto& user : db.fetch("SELECT id, name FROM users WHERE id >= ?", 1))
    std::printf("%d %s\n", user["id"].as<int>(), user["name"].as<std::string>().c_str());

  const std::vector<dbengine::params> more{{{"name", "Grace"}}, {{"name", "Edsger"}}};
  db.execute_many("INSERT INTO users (name) VALUES (:name)", more); // all or none

  auto results = db.execute_transaction({
      dbengine::operation::execute("DELETE FROM users WHERE id = ?", {1}),
      dbengine::operation::fetch("SELECT count(*) AS n FROM users"),
  });
  auto id = db.write([](dbengine::transaction& tx) { // commits on return, rolls back on a throw
    tx.execute("UPDATE users SET name = :name WHERE id = :id", {{"name", "Grace H."}, {"id", 2}});
    return tx.execute("INSERT INTO users (name) VALUES ('Barbara')").last_insert_rowid;
  });
  auto requests = db.get_stats().requests;
  db.shutdown();
  // [tour]
  const int left = results[1].rows()[0]["n"].as<int>();
  std::printf("%d left, then row %lld, %llu requests\n", left, static_cast<long long>(id),
              static_cast<unsigned long long>(requests));
  return left == 2 && id == 4 && requests >= 5 ? 0 : 1;
}

} // namespace

int main() {
  try {
    return tour();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "quick tour: %s\n", e.what());
    return 1;
  }
}
