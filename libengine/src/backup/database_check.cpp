// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/database_check.hpp"

#include "base/error_map.hpp"
#include "os/directory.hpp"
#include "sqlite/integrity.hpp"
#include "sqlite/plain_database.hpp"
#include "vfs/fd_vfs.hpp"

#include <sqlite3.h>

namespace dbengine::backup {

namespace {

// Virtual machine steps between two calls of the check: about 0.3 ms.
constexpr int steps_between_checks = 10'000;
// Problems reported by one check; one is enough to reject a file.
constexpr std::size_t max_problems = 20;

std::string quoted(const std::string& name) {
  std::string result = "\"";
  for (const char c : name)
    result.append(c == '"' ? 2 : 1, c);
  return result + '"';
}

// SQLite returns an error if a foreign key refers to columns that are not unique, which is allowed
// while foreign keys are not enforced.
void count_violations(sqlite3* db, database_check& result) {
  try {
    result.foreign_key_violations =
        sqlite::column_of(db, "PRAGMA foreign_key_check", "cannot check the foreign keys").size();
  } catch (const error& e) {
    if (e.code() != errc::sql)
      throw;
    result.foreign_keys_unchecked = e.message();
  }
}

// Denies the schema every function that SQLite does not mark as innocuous, as TRUSTED_SCHEMA=0
// does. SQLite 3.40 does not mark its JSON functions, which many schemas use in generated columns
// and indexes, so TRUSTED_SCHEMA=0 would refuse those schemas. Therefore the schema is trusted, and
// the other functions are replaced by functions that refuse.
void refuse_harmful_functions(sqlite3* db, const std::string& what) {
  const auto names =
      sqlite::column_of(db,
                        "SELECT DISTINCT name || ' ' || narg || ' ' || (flags & " +
                            std::to_string(SQLITE_DETERMINISTIC) +
                            ") FROM pragma_function_list WHERE type = 's' AND flags & " +
                            std::to_string(SQLITE_INNOCUOUS) +
                            " = 0 AND name NOT IN ('->', '->>') AND name NOT GLOB 'json*'",
                        what);
  const auto refuse = [](sqlite3_context* context, int, sqlite3_value**) {
    sqlite3_result_error(context, "unsafe use of a function", -1);
  };
  for (const auto& line : names) {
    const auto flags_at = line.rfind(' ');
    const auto count_at = line.rfind(' ', flags_at - 1);
    const int flags = SQLITE_UTF8 | SQLITE_DIRECTONLY | std::stoi(line.substr(flags_at + 1));
    if (const int rc = sqlite3_create_function_v2(db, line.substr(0, count_at).c_str(),
                                                  std::stoi(line.substr(count_at + 1)), flags,
                                                  nullptr, refuse, nullptr, nullptr, nullptr);
        rc != SQLITE_OK)
      sqlite::throw_sqlite(rc, db, what);
  }
}

} // namespace

row_counts count_rows(sqlite3* db) {
  const std::string what = "cannot count the rows";
  row_counts result;
  for (
      const auto& table : sqlite::column_of(
          db,
          "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow')",
          what))
    result[table] =
        std::stoll(sqlite::column_of(db, "SELECT count(*) FROM main." + quoted(table), what).at(0));
  return result;
}

scoped_interrupt::scoped_interrupt(sqlite3* db, const continue_check& check) : db_(db) {
  if (!check)
    return;
  sqlite3_progress_handler(
      db, steps_between_checks,
      [](void* f) { return (*static_cast<const continue_check*>(f))() ? 0 : 1; },
      const_cast<continue_check*>(&check));
}

scoped_interrupt::~scoped_interrupt() {
  sqlite3_progress_handler(db_, 0, nullptr, nullptr);
}

database_check check_database(int fd, const prepare_connection& prepare,
                              const continue_check& check) {
  database_check result;
  try {
    const std::string what = "cannot check the database";
    const auto db = sqlite::open_database(vfs::fd_database_name(fd), SQLITE_OPEN_READONLY,
                                          vfs::register_fd_vfs(), what);
    const scoped_interrupt interrupt(db.get(), check);
    if (check)
      vfs::set_read_check(db.get(), &check);
    // A manipulated schema must run nothing that writes or accesses anything outside the database.
    refuse_harmful_functions(db.get(), what);
    sqlite3_db_config(db.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, nullptr);
    sqlite3_db_config(db.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite::run_sql(db.get(), "PRAGMA cache_size = -32768; PRAGMA temp_store = memory", what);
    if (prepare)
      prepare(db.get());
    result.page_size = std::stoull(sqlite::column_of(db.get(), "PRAGMA page_size", what).at(0));
    result.pages = std::stoull(sqlite::column_of(db.get(), "PRAGMA page_count", what).at(0));
    if (const auto size = os::file_size(fd); size != result.pages * result.page_size || size == 0)
      result.problems.push_back("the file has " + std::to_string(size) +
                                " bytes, but its header says " + std::to_string(result.pages) +
                                " pages of " + std::to_string(result.page_size));
    for (auto& line : sqlite::column_of(
             db.get(), "PRAGMA integrity_check(" + std::to_string(max_problems) + ")", what))
      if (line != "ok")
        result.problems.push_back(std::move(line));
    sqlite::run_sql(db.get(), "BEGIN", what);
    for (auto& line : sqlite::missed_by_check(db.get()))
      result.problems.push_back(std::move(line));
    result.rows = count_rows(db.get());
    count_violations(db.get(), result);
    // An interrupted `integrity_check` reports pages that it could not read.
    if (check && !check())
      throw error(errc::cancelled, "the check was cancelled");
  } catch (const error& e) {
    switch (e.code()) {
    case errc::corrupt:
    case errc::not_a_database: result.problems.push_back(e.message()); break;
    case errc::sql: result.unchecked = e.message(); break;
    default: throw;
    }
  }
  return result;
}

} // namespace dbengine::backup
