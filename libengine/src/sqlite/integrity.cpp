// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/integrity.hpp"

#include "sqlite/plain_database.hpp"

#include <dbengine/error.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <set>

namespace dbengine::sqlite {

namespace {

constexpr const char* what = "cannot check the database";
// SQLite's own default.
constexpr int max_problems = 100;
// The number of names that are tried. A new name comes first in the list if its bucket of the
// schema's hash table is empty. At least every eighth bucket is (SQLite fills the table to two
// entries a bucket).
constexpr int max_names = 256;

struct finalize {
  void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
};

// The first column of the first row; empty if there is no row. The statement is not run to its end.
std::optional<std::string> first_row(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  if (const int rc = sqlite3_prepare_v2(db, sql.c_str(), -1, &raw, nullptr); rc != SQLITE_OK)
    sqlite::throw_sqlite(rc, db, what);
  const std::unique_ptr<sqlite3_stmt, finalize> statement(raw);
  const int rc = sqlite3_step(raw);
  if (rc == SQLITE_DONE)
    return std::nullopt;
  if (rc != SQLITE_ROW)
    sqlite::throw_sqlite(rc, db, what);
  const auto* text = sqlite3_column_text(raw, 0);
  return text == nullptr ? std::string() : reinterpret_cast<const char*>(text);
}

std::int64_t integer(sqlite3* db, const std::string& sql) {
  const auto text = first_row(db, sql);
  return text && !text->empty() ? std::stoll(*text) : 0;
}

// -- the list of b-trees --------------------------------------------------------------------------

// In the order of the schema's hash table, which is that of the list.
constexpr const char* first_object =
    "SELECT type || ' ' || name FROM pragma_table_list WHERE schema = 'main' LIMIT 1";

// A table in the memory of one connection that uses the b-tree of another table. SQLite's own shell
// calls it an imposter.
class imposter {
public:
  imposter(sqlite3* db, std::int64_t root, const std::string& name) : db_(db) {
    reset_schema();
    first_row(db_, "SELECT count(*) FROM main.sqlite_schema"); // reads the schema
    // Under this switch, CREATE TABLE only adds to the schema in memory. It accepts no name of a
    // database.
    sqlite3_test_control(SQLITE_TESTCTRL_IMPOSTER, db_, "main", 1, static_cast<int>(root));
    const int rc =
        sqlite3_exec(db_, ("CREATE TABLE \"" + name + "\" (a)").c_str(), nullptr, nullptr, nullptr);
    sqlite3_test_control(SQLITE_TESTCTRL_IMPOSTER, db_, "main", 0, 0);
    if (rc != SQLITE_OK) {
      const auto info = error_of(rc);
      reset_schema();
      throw error(info);
    }
  }
  ~imposter() { reset_schema(); }
  imposter(const imposter&) = delete;
  imposter& operator=(const imposter&) = delete;

private:
  // The connection reads its schema again, and expires statements that were prepared with the old
  // one.
  void reset_schema() const noexcept {
    sqlite3_test_control(SQLITE_TESTCTRL_IMPOSTER, db_, "main", 0, 1);
  }
  error_info error_of(int rc) const {
    try {
      sqlite::throw_sqlite(rc, db_, what);
    } catch (const error& e) {
      return e.info();
    }
  }

  sqlite3* db_;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    result.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return result;
}

// Removes one line for each of `lines`; a line with SQLite's position prefix only if there is none
// without. Returns false if the first of `lines` is missing.
bool remove_lines(std::vector<std::string>& from, const std::vector<std::string>& lines) {
  bool found = false;
  for (const auto& line : lines) {
    auto it = std::find(from.begin(), from.end(), line);
    if (it == from.end())
      it = std::find_if(from.begin(), from.end(),
                        [&](const std::string& s) { return s.ends_with(": " + line); });
    if (it == from.end())
      continue;
    found = found || line == lines.front();
    from.erase(it);
  }
  return found;
}

[[noreturn]] void refuse(const char* why) {
  throw error(errc::internal, std::string(what) + " as a whole: " + why);
}

// The problems of all b-trees and the free list. The list has one b-tree twice, which SQLite
// reports.
std::vector<std::string> tree_problems(sqlite3* db) {
  if (sqlite3_compileoption_used("UNTESTABLE") != 0)
    refuse("this SQLite was built without the test controls that it needs");
  auto root = integer(db, "SELECT max(rootpage) FROM main.sqlite_schema WHERE rootpage > 1");
  std::vector<std::string> noted{"2nd reference to page " + std::to_string(root)};
  if (root == 0) { // no table at all: uses a page beyond the end
    root = integer(db, "PRAGMA main.page_count") + 1;
    const auto page = std::to_string(root);
    noted = {"invalid page number " + page, "Failed to read ptrmap key=" + page,
             "max rootpage (" + page + ") disagrees with header (1)"};
  }
  for (int n = 0; n < max_names; ++n) {
    const auto name = "dbengine_check_" + std::to_string(n);
    if (first_row(db, "SELECT 1 FROM main.sqlite_schema WHERE name = '" + name + "'"))
      continue;
    const imposter added(db, root, name);
    if (first_row(db, first_object) != "table " + name)
      continue;
    // The first row is about the b-trees. SQLite's own check has reported the other rows.
    auto found = lines_of(
        first_row(db, "PRAGMA main.quick_check(" +
                          std::to_string(max_problems + static_cast<int>(noted.size())) + ")")
            .value_or(""));
    const bool all = remove_lines(found, noted);
    std::erase(found, "*** in database main ***");
    if (!all && found.size() < max_problems)
      refuse("SQLite did not check all of it");
    return found;
  }
  refuse("no name comes first in its schema");
}

// -- the length of the file -----------------------------------------------------------------------

// From the shared index of the write-ahead log ("WAL-mode File Format", 2.0 on sqlite.org).
constexpr int region_size = 32'768;
constexpr std::size_t header_bytes = 136; // in front of the first region's page numbers
constexpr std::size_t numbers_in_region = 4096;
constexpr std::size_t last_frame_at = 16;
constexpr std::size_t copied_at = 96;

std::uint32_t number_at(const volatile void* region, std::size_t offset) noexcept {
  return *reinterpret_cast<const volatile std::uint32_t*>(
      static_cast<const volatile char*>(region) + offset);
}

// The pages from `first` on that readers read from the log.
std::set<std::uint32_t> pages_in_log(sqlite3_file* file, std::uint32_t first) {
  std::set<std::uint32_t> result;
  const auto region = [&](int n) {
    volatile void* r = nullptr;
    const int rc = file->pMethods->iVersion >= 2 && file->pMethods->xShmMap != nullptr
                       ? file->pMethods->xShmMap(file, n, region_size, 0, &r)
                       : SQLITE_OK;
    return (rc & 0xff) == SQLITE_OK ? r : nullptr;
  };
  const volatile void* current = region(0);
  if (current == nullptr)
    return result;
  const auto last = number_at(current, last_frame_at);
  constexpr std::size_t in_first = numbers_in_region - header_bytes / sizeof(std::uint32_t);
  int mapped = 0;
  for (std::size_t frame = std::size_t{number_at(current, copied_at)} + 1; frame <= last; ++frame) {
    const bool in_head = frame <= in_first;
    const auto n = in_head ? 0 : static_cast<int>((frame - in_first - 1) / numbers_in_region) + 1;
    if (n != mapped) {
      mapped = n;
      current = region(n);
      if (current == nullptr)
        return result;
    }
    const auto index = in_head ? frame - 1 : (frame - in_first - 1) % numbers_in_region;
    const auto page = number_at(current, (in_head ? header_bytes : 0) + index * 4);
    if (page >= first)
      result.insert(page);
  }
  return result;
}

} // namespace

std::string missing_pages(sqlite3* db) {
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
      file == nullptr || file->pMethods == nullptr)
    return {};
  const auto page_size = integer(db, "PRAGMA main.page_size");
  const auto pages = integer(db, "PRAGMA main.page_count");
  sqlite3_int64 size = 0;
  const auto whole = [&] {
    if (const int rc = file->pMethods->xFileSize(file, &size); rc != SQLITE_OK)
      sqlite::throw_sqlite(rc, db, what);
    return size >= pages * page_size;
  };
  if (whole())
    return {};
  // The log first: a checkpoint between the two steps makes the file longer.
  std::set<std::uint32_t> in_log;
  if (first_row(db, "PRAGMA main.journal_mode") == "wal")
    in_log = pages_in_log(file, static_cast<std::uint32_t>(size / page_size) + 1);
  if (whole())
    return {};
  for (auto page = size / page_size + 1; page <= pages; ++page)
    if (!in_log.contains(static_cast<std::uint32_t>(page)))
      return "the file has " + std::to_string(size) + " bytes and was cut short: of its " +
             std::to_string(pages) + " pages of " + std::to_string(page_size) + ", page " +
             std::to_string(page) + " is missing or not whole";
  return {};
}

std::vector<std::string> missed_by_check(sqlite3* db) {
  std::vector<std::string> result;
  const auto first = first_row(db, first_object).value_or("");
  if (first.starts_with("view ") || first.starts_with("virtual "))
    result = tree_problems(db);
  if (auto missing = missing_pages(db); !missing.empty())
    result.push_back(std::move(missing));
  return result;
}

} // namespace dbengine::sqlite
