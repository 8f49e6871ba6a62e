// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of files that are unreadable, read-only or malformed: the error names the file, and nothing
// in its folder changes.

#include "support/engine/engine_fixture.hpp"
#include "support/process/child.hpp"
#include "support/sqlite/plain_sqlite.hpp"

#include <dbengine/db_engine.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
namespace fs = std::filesystem;

namespace {

std::string contents(const fs::path& p) {
  std::ifstream f(p, std::ios::binary);
  return {std::istreambuf_iterator<char>(f), {}};
}

error_info opening(const std::string& url, options o = {}) {
  return failure_of([&] { db_engine db(url, std::move(o)); });
}

// Opens the file as another user, with the given modes for the duration, and compares all of its
// contents.
void check_as_nobody(const engine_folder& folder, std::string_view mode, fs::perms file_mode,
                     fs::perms folder_mode, const std::string& url, options o,
                     const std::function<bool(const error_info&)>& right) {
  const auto file = folder.path / "test.db";
  const auto before = contents(file);
  if (::geteuid() == 0) {
    CAF_REQUIRE(::chown(folder.path.c_str(), 65534, 65534) == 0);
    CAF_REQUIRE(::chown(file.c_str(), 65534, 65534) == 0);
  }
  fs::permissions(file, file_mode);
  fs::permissions(folder.path, folder_mode);
  const int code = in_child([&] {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0))
      return 98;
    const auto e = failure_of([&] {
      db_engine db(url, o);
      if (db.fetch_value<int>("SELECT x FROM t") != 7)
        throw error(errc::internal, "another value");
    });
    if (!right(e))
      std::fprintf(stderr, "%s\n", to_string(e).c_str());
    return right(e) ? 7 : 8;
  });
  fs::permissions(folder.path, fs::perms(0755));
  CAF_CHECK_EQUAL(code, 7);
  CAF_CHECK(contents(file) == before);
  // A reader of a WAL database leaves the shared-memory file behind, as any SQLite connection
  // without write permission does.
  const auto others = fs::remove(file.string() + "-shm") + fs::remove(file.string() + "-wal");
  if (!(o.read_only && mode == "wal"))
    CAF_CHECK_EQUAL(others, 0);
  CAF_CHECK_EQUAL(std::distance(fs::directory_iterator(folder.path), {}), 1);
}

} // namespace

CAF_TEST(a file without permission is refused and left alone) {
  const engine_folder folder;
  { db_engine(folder.url()).execute("CREATE TABLE t (x)"); }
  fs::permissions(folder.path, fs::perms(0755));
  const auto open_as_nobody = [&](const std::string& url, options o = {}) {
    return in_child([&] {
      if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0))
        return 98;
      const auto e = opening(url, o);
      std::fprintf(stderr, "%s\n", to_string(e).c_str());
      return static_cast<int>(e.code);
    });
  };
  fs::permissions(folder.path / "test.db", fs::perms(0));
  CAF_CHECK_EQUAL(open_as_nobody(folder.url()), static_cast<int>(errc::cannot_open));
  CAF_CHECK_EQUAL(open_as_nobody(folder.url(), {.read_only = true}),
                  static_cast<int>(errc::cannot_open));
  if (::geteuid() == 0) { // another user may not create a file in the folder
    CAF_CHECK_EQUAL(open_as_nobody(folder.url("new.db")), static_cast<int>(errc::cannot_open));
    CAF_CHECK(!fs::exists(folder.path / "new.db"));
  }
}

CAF_TEST(a file that may only be read is refused to a writer and left alone) {
  for (const auto* mode : {"wal", "delete"}) {
    CAF_MESSAGE(mode);
    const engine_folder folder;
    const auto file = folder.path / "test.db";
    {
      plain_sqlite made(file.string());
      made.script(std::string("PRAGMA journal_mode=") + mode +
                  "; CREATE TABLE t (x); INSERT INTO t VALUES (7)");
    }
    const auto as_nobody = [&](fs::perms file_mode, fs::perms folder_mode, const std::string& url,
                               options o, const std::function<bool(const error_info&)>& right) {
      check_as_nobody(folder, mode, file_mode, folder_mode, url, std::move(o), right);
    };
    const auto refused = [&](const char* word) {
      return [&, word](const error_info& e) {
        return e.code == errc::cannot_open && e.message.find("test.db") != std::string::npos &&
               e.message.find(word) != std::string::npos;
      };
    };
    const auto opened = [](const error_info& e) { return e.code == errc::none; };
    const auto uri = "sqlite:///file:" + file.string();
    // First the file is read-only, then the folder.
    as_nobody(fs::perms(0444), fs::perms(0755), folder.url(), {}, refused("may only be read"));
    as_nobody(fs::perms(0444), fs::perms(0755), uri + "?mode=rw", {}, refused("may only be read"));
    as_nobody(fs::perms(0644), fs::perms(0555), folder.url(), {}, refused("Permission denied"));
    as_nobody(fs::perms(0444), fs::perms(0755), folder.url(), {.read_only = true}, opened);
    if (std::string_view(mode) == "delete")
      as_nobody(fs::perms(0444), fs::perms(0555), folder.url(), {.read_only = true}, opened);
    else
      as_nobody(fs::perms(0444), fs::perms(0555), folder.url(), {.read_only = true},
                refused("-shm"));
    as_nobody(fs::perms(0444), fs::perms(0555), uri + "?mode=ro&immutable=1", {}, opened);
  }
}

CAF_TEST(a malformed file is reported and left as it was) {
  const engine_folder folder;
  {
    plain_sqlite made((folder.path / "test.db").string());
    made.script(
        "CREATE TABLE t (x); WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 5000) INSERT INTO t SELECT x FROM c");
  }
  { // overwrites the root page of the schema with garbage from byte 100 on
    std::fstream f(folder.path / "test.db", std::ios::in | std::ios::out | std::ios::binary);
    f.seekp(100);
    f << std::string(400, '\x7b');
  }
  const auto before = fs::file_size(folder.path / "test.db");
  const auto e = opening(folder.url());
  CAF_CHECK(e.code == errc::corrupt && e.message.find("test.db") != std::string::npos);
  CAF_CHECK_EQUAL(fs::file_size(folder.path / "test.db"), before);
  CAF_CHECK(!fs::exists(folder.path / "test.db-wal"));
}
