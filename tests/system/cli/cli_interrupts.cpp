// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of Ctrl-C, as a signal in pipes and as a key on a terminal: the exit code is 130 and no
// half-written file stays.

#include <dbengine/db_engine.hpp>

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"
#include "support/process/program.hpp"
#include "support/process/tmux.hpp"
#include "support/sqlite/slow_database.hpp"

#include <algorithm>
#include <csignal>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

struct fixture {
  engine_folder folder;

  fixture() { make_slow_database(folder.path / "slow.db", 20'000); }

  run_result in_folder(const std::string& line) const {
    return run_line(line, {.folder = folder.path});
  }
  run_result interrupted(const std::string& line, unsigned columns = 0,
                         const std::string& input = {}) const {
    return run_line(line, {.input = input,
                           .folder = folder.path,
                           .signal = SIGINT,
                           .ready = is_busy,
                           .columns = columns});
  }
  /// All files in the folder and its subfolders, except the lock that marks a folder of backups.
  std::vector<std::string> files() const {
    std::vector<std::string> all;
    for (const auto& e : std::filesystem::recursive_directory_iterator(folder.path))
      if (!e.is_directory() && e.path().filename() != ".dbengine-backup.lock")
        all.push_back(e.path().lexically_relative(folder.path).string());
    std::sort(all.begin(), all.end());
    return all;
  }
};

// Enough packages for a demo of some seconds.
std::string package_index() {
  std::string all;
  for (int i = 0; i < 60'000; ++i) {
    const auto n = std::to_string(i);
    all += "Package: p" + n + "\nVersion: 1." + n +
           "\nInstalled-Size: 7\nMaintainer: M <m@example.org>\nArchitecture: all\nSection: s\n"
           "Priority: optional\nFilename: pool/p" +
           n + ".deb\nSize: 1" + n + "\nDepends: p" + std::to_string(i / 2) +
           "\nDescription: the package " + n + "\n more\n\n";
  }
  return all;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_interrupts, fixture)

CAF_TEST(a backup that is stopped leaves no file) {
  const auto before = files();
  for (const unsigned columns : {0u, 80u})
    for (const char* line : {"backup now slow.db one.sqlite", "backup now slow.db --dir b"}) {
      const auto r = interrupted(line, columns);
      CAF_CHECK_EQUAL(std::to_string(r.code) + " " + line, std::string("130 ") + line);
      CAF_CHECK((r.out + r.err).ends_with("interrupted\n"));
      CAF_CHECK_EQUAL(files(), before);
    }
}

CAF_TEST(a verification that is stopped says nothing about the backup) {
  // As if copied by hand: without a manifest.
  std::filesystem::copy(folder.path / "slow.db", folder.path / "copy.sqlite");
  const auto before = files();
  const auto piped = interrupted("backup verify copy.sqlite");
  CAF_CHECK_EQUAL(piped.code, 130);
  CAF_CHECK_EQUAL(piped.out, "");
  CAF_CHECK_EQUAL(piped.err, "error: interrupted\n");
  CAF_CHECK_EQUAL(interrupted("backup verify copy.sqlite", 80).code, 130);
  CAF_CHECK_EQUAL(files(), before);
}

CAF_TEST(a restore that is stopped leaves the target as it was) {
  CAF_REQUIRE_EQUAL(in_folder("query app.db 'CREATE TABLE t AS SELECT 1 AS a'").code, 0);
  const auto before = files();
  const auto bytes = content_of(folder.path / "app.db");
  for (const unsigned columns : {0u, 80u}) {
    const auto r = interrupted("restore slow.db app.db --force", columns);
    CAF_CHECK_EQUAL(r.code, 130);
    CAF_CHECK((r.out + r.err).ends_with("interrupted\n"));
    CAF_CHECK_EQUAL(interrupted("restore slow.db new.db", columns).code, 130);
    CAF_CHECK_EQUAL(files(), before);
    CAF_CHECK(content_of(folder.path / "app.db") == bytes);
  }
}

CAF_TEST(a demonstration that is stopped or fails leaves no database) {
  write_text(folder.path / "index", package_index());
  write_text(folder.path / "empty", "");
  const auto before = files();
  for (const unsigned columns : {0u, 80u}) {
    const auto r = interrupted("demo --input index --database demo.db", columns);
    CAF_CHECK_EQUAL(r.code, 130);
    CAF_CHECK((r.out + r.err).ends_with("interrupted\n"));
    CAF_CHECK_EQUAL(files(), before);
  }
  CAF_CHECK_EQUAL(in_folder("demo --input empty --database demo.db").code, 1);
  CAF_CHECK_EQUAL(files(), before);
  // A file that existed before does not belong to the demo.
  const auto bytes = content_of(folder.path / "slow.db");
  CAF_CHECK_EQUAL(in_folder("demo --input empty --database slow.db").code, 2);
  CAF_CHECK(content_of(folder.path / "slow.db") == bytes);
}

CAF_TEST(an export that is stopped leaves no file) {
  const auto before = files();
  CAF_CHECK_EQUAL(
      interrupted("export slow.db 'SELECT n, hex(zeroblob(n)) AS h FROM t' out.csv").code, 130);
  CAF_CHECK_EQUAL(files(), before);
}

CAF_TEST(a dump that is stopped is no whole one) {
  CAF_REQUIRE_EQUAL(in_folder("query fat.db 'CREATE TABLE fat AS WITH RECURSIVE c(x) AS (SELECT 1 "
                              "UNION ALL SELECT x + 1 FROM c LIMIT 3000000) SELECT x FROM c'")
                        .code,
                    0);
  const auto r = interrupted("dump fat.db");
  CAF_CHECK_EQUAL(r.code, 130);
  CAF_CHECK_EQUAL(r.err, "error: interrupted\n");
  CAF_CHECK(r.out.find("COMMIT;") == std::string::npos);
}

CAF_TEST(an import that is stopped keeps whole batches and says how many rows) {
  CAF_REQUIRE_EQUAL(in_folder("query app.db 'CREATE TABLE t (n INTEGER)'").code, 0);
  std::string csv = "n\n";
  for (int i = 0; i < 4'000'000; ++i)
    csv += "1\n";
  write_text(folder.path / "rows.csv", csv);
  const auto r = interrupted("import app.db rows.csv -t t --batch 100");
  CAF_CHECK_EQUAL(r.code, 130);
  CAF_CHECK(r.err.find(" rows imported into t before it failed\nerror: interrupted\n") !=
            std::string::npos);
  const auto count = db_engine((folder.path / "app.db").string())
                         .fetch_value<std::int64_t>("SELECT count(*) FROM t")
                         .value_or(0);
  CAF_CHECK(count > 0 && count < 4'000'000 && count % 100 == 0);
}

CAF_TEST(Ctrl C at a terminal takes the bar away and ends with 130) {
  if (!has_tmux())
    DBENGINE_SKIP("there is no tmux");
  write_text(folder.path / "index", package_index());
  std::filesystem::copy(folder.path / "slow.db", folder.path / "copy.sqlite");
  const auto before = files();
  const std::vector<std::pair<std::string, std::string>> all{
      {"backup now slow.db one.sqlite", "backing up  "},
      {"backup now slow.db --dir b", "backing up  "},
      {"backup verify copy.sqlite", "verifying  "},
      {"restore copy.sqlite new.db", "restoring  "},
      {"demo --input index --database demo.db", "loading packages  "}};
  for (const auto& [line, bar] : all) {
    const tmux t("sh -c " + shell_word("trap : INT; cd " + shell_word(folder.path.string()) + "; " +
                                       shell_word(program_path()) + " " + line +
                                       "; echo ended with $?; exec cat"),
                 {{"TERM", "screen"}});
    if (!t.shows(bar))
      CAF_ERROR(line << " shows no bar:\n" << t.screen());
    t.key("C-c");
    if (!t.shows("error: interrupted\nended with 130"))
      CAF_ERROR(line << " does not end:\n" << t.screen());
    CAF_CHECK(t.screen().find(bar) == std::string::npos);
    CAF_CHECK_EQUAL(files(), before);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
