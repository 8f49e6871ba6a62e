// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The fuzz target `urls`: URLs, durations and sizes.

#include "cli/duration.hpp"
#include "serve/address.hpp"
#include "sqlite/url.hpp"

#include <dbengine/error.hpp>

#include <cstring>
#include <optional>
#include <sqlite3.h>

#include "target.hpp"

namespace dbengine::fuzz {

namespace {

// What SQLite understood: the full name of the file, and a parameter of the URI.
struct understood {
  std::string path;
  bool immutable = false;
};
std::optional<understood> last;

int take_full_name(sqlite3_vfs*, const char* name, int size, char* out) {
  if (std::strlen(name) >= static_cast<std::size_t>(size))
    return SQLITE_CANTOPEN;
  std::strcpy(out, name);
  return SQLITE_OK;
}

// Records the name and opens nothing.
int take_name(sqlite3_vfs*, const char* name, sqlite3_file* file, int, int*) {
  file->pMethods = nullptr;
  last = {name, sqlite3_uri_boolean(name, "immutable", 0) != 0};
  return SQLITE_CANTOPEN;
}

std::optional<understood> as_sqlite_reads(const sqlite::location& where) {
  static const char* const vfs = [] {
    static sqlite3_vfs v = *sqlite3_vfs_find(nullptr);
    v.zName = "names only";
    v.mxPathname = 100'000;
    v.xFullPathname = take_full_name;
    v.xOpen = take_name;
    sqlite3_vfs_register(&v, 0);
    return v.zName;
  }();
  auto name = where.filename;
  if (is_mutant("urls")) // the mutant: a percent sign is not encoded
    for (std::size_t at = 0; (at = name.find("%25", at)) != name.npos;)
      name.erase(at + 1, 2);
  last.reset();
  sqlite3* db = nullptr;
  sqlite3_open_v2(name.c_str(), &db, SQLITE_OPEN_READONLY | (where.uri ? SQLITE_OPEN_URI : 0), vfs);
  sqlite3_close(db);
  return last;
}

void check_database(std::string_view url) {
  sqlite::location parsed, where;
  try {
    parsed = sqlite::parse_url(url);
    where = sqlite::locate(url);
  } catch (const error& e) {
    require(e.code() == errc::invalid_url, std::string("a URL is refused as such: ") + e.what());
    return;
  }
  require(parsed.memory == where.memory && parsed.read_only == where.read_only,
          "a URL says the same twice");
  if (where.memory)
    return;
  require(where.path.is_absolute() && where.path.native().find('\0') == std::string::npos,
          "the path of a database is absolute");
  const auto name = as_sqlite_reads(where);
  require(name.has_value(), "SQLite opens what a URL names: " + where.filename);
  require(name->path == where.path.native(),
          "SQLite opens the file that is locked: " + where.path.native() + ", not " + name->path);
  require(!name->immutable || where.read_only, "an immutable file is read only");
}

} // namespace

void urls(std::string_view input) {
  check_database(input);
  if (const auto a = app::serve::parse_address(input)) {
    const auto again = app::serve::parse_address(a->text());
    require(again && again->host == a->host && again->port == a->port,
            "an address is the same after writing and reading: " + a->text());
  }
  if (const auto d = app::parse_duration(input))
    require(d->count() >= 0 && app::parse_duration(app::to_text(*d)) == d,
            "a duration is the same after writing and reading: " + app::to_text(*d));
  if (const auto n = app::parse_size(input))
    require(app::parse_size(std::to_string(*n)) == n,
            "a size is the same after writing and reading: " + std::to_string(*n));
}

} // namespace dbengine::fuzz

DBENGINE_FUZZ_TARGET(urls)
