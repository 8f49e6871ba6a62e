// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of the files that commands write: never a database's own file, under any name; complete or
// not at all; through links, with the mode of the existing file.

#include "output/output_file.hpp"
#include "support/engine/engine_fixture.hpp"
#include "support/faults/failing_calls.hpp"
#include "support/process/command_line.hpp"
#include "support/skip.hpp"

#include <dbengine/db_engine.hpp>

#include <cerrno>
#include <set>
#include <thread>

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace fs = std::filesystem;

namespace {

const char* const exported = "a\n1\n";

struct fixture {
  engine_folder folder;
  fs::path file = folder.path / "app.db";

  fixture() {
    CAF_REQUIRE_EQUAL(
        in_folder("script app.db -", "CREATE TABLE t (a); INSERT INTO t VALUES (1);").code, 0);
  }
  run_result in_folder(const std::string& line, const std::string& input = {}) const {
    return run_line(line, {.input = input, .folder = folder.path});
  }
  run_result through_sh(const std::string& line) const {
    return run({"-c", "p=\"" + program_path() + "\"; " + line},
               {.folder = folder.path, .program = "/bin/sh"});
  }
  void refused(const run_result& r, const std::string& what) const {
    CAF_CHECK_EQUAL(std::to_string(r.code) + " " + what, "1 " + what);
    CAF_CHECK_EQUAL(in_folder("query app.db 'SELECT a FROM t' -o csv").out, exported);
    CAF_CHECK_EQUAL(in_folder("check app.db").out, "ok\n");
  }
  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& entry : fs::directory_iterator(folder.path))
      all.insert(entry.path().filename().string());
    return all;
  }
};

mode_t mode_of(const fs::path& file) {
  struct stat found {};
  return ::stat(file.c_str(), &found) == 0 ? found.st_mode & 07777 : 0;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_output_files, fixture)

CAF_TEST(no name that leads to the database is written to) {
  fs::create_symlink("app.db", folder.path / "link.db");
  fs::create_symlink("link.db", folder.path / "link2.csv");
  fs::create_hard_link(file, folder.path / "hard.csv");
  fs::create_directory_symlink(folder.path, folder.path / "again");
  for (const std::string target :
       {"app.db", "./app.db", "link.db", "link2.csv", "hard.csv", "again/app.db", "app.db-wal",
        "app.db-shm", "app.db-journal", "app.db.lock", "link.db-wal", "again/app.db.lock"}) {
    const auto r = in_folder("export app.db -t t " + target);
    refused(r, target);
    CAF_CHECK(r.err.find("cannot write " + target) != std::string::npos);
  }
  refused(in_folder("export link.db -t t app.db-wal"), "beside the file that a link leads to");
  refused(in_folder("export file:app.db?mode=ro -t t hard.csv"), "a URI");
  refused(in_folder("export file:%61pp.db -t t app.db"), "an encoded URI");
  refused(in_folder("export sqlite:///app.db -t t app.db"), "a URL");
}

CAF_TEST(the files of a database under load are not written to) {
  db_engine db(file.string());
  db.execute("INSERT INTO t VALUES (1)");
  db.execute("DELETE FROM t WHERE rowid > 1");
  for (const std::string suffix : {"", "-wal", "-shm", ".lock"}) {
    CAF_CHECK(fs::exists(file.string() + suffix));
    CAF_CHECK_EQUAL(in_folder("export app.db -t t app.db" + suffix).code, 1);
  }
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(0), 1);
  db.execute("INSERT INTO t VALUES (2)");
  CAF_CHECK(db.integrity_check().empty());
}

CAF_TEST(another database is not written over) {
  CAF_REQUIRE_EQUAL(in_folder("query other.db 'CREATE TABLE u (x)'").code, 0);
  const auto before = content_of(folder.path / "other.db");
  for (const std::string target : {"other.db", "other.db-wal", "other.db-journal", "other.db.lock"})
    CAF_CHECK_EQUAL(in_folder("export app.db -t t " + target).code, 1);
  for (const std::string target : {"app.db", "other.db-shm"})
    refused(in_folder("bench --tests single --operations 10 --json " + target), "bench");
  CAF_CHECK(content_of(folder.path / "other.db") == before);
  // Names that only look like a database's files.
  for (const std::string target : {"none.db-wal", "x.lock", "app.db.csv"})
    CAF_CHECK_EQUAL(in_folder("export app.db -t t " + target).code, 0);
}

CAF_TEST(output that the shell leads into the database is refused) {
  const auto before = content_of(file);
  for (const std::string line :
       {"\"$p\" dump app.db >> app.db", "\"$p\" query app.db 'SELECT 1' -o csv >> app.db",
        "\"$p\" export app.db -t t - >> app.db", "\"$p\" schema app.db >> app.db",
        "\"$p\" shell app.db >> app.db < /dev/null", "\"$p\" check app.db 1<> app.db",
        "\"$p\" query app.db nonsense 2>> app.db", "\"$p\" stats file:app.db?mode=ro >> app.db",
        "\"$p\" serve app.db 2>> app.db", "\"$p\" script app.db /dev/null >> app.db.lock"}) {
    refused(through_sh(line), line);
    CAF_CHECK(content_of(file) == before);
  }
  CAF_CHECK_EQUAL(through_sh("\"$p\" dump app.db > app.sql 2> log.txt").code, 0);
}

CAF_TEST(an export goes through links and keeps the mode) {
  write_text(folder.path / "real.csv", "old");
  ::chmod((folder.path / "real.csv").c_str(), 0600);
  fs::create_symlink("real.csv", folder.path / "link.csv");
  fs::create_symlink("link.csv", folder.path / "link2.csv");
  CAF_CHECK_EQUAL(in_folder("export app.db -t t link2.csv").code, 0);
  CAF_CHECK(fs::is_symlink(folder.path / "link.csv") && fs::is_symlink(folder.path / "link2.csv"));
  CAF_CHECK_EQUAL(content_of(folder.path / "real.csv"), exported);
  CAF_CHECK_EQUAL(mode_of(folder.path / "real.csv"), 0600u);
  for (const mode_t mode : {0640u, 0444u, 0755u}) {
    ::chmod((folder.path / "real.csv").c_str(), mode);
    CAF_CHECK_EQUAL(in_folder("export app.db -t t real.csv").code, 0);
    CAF_CHECK_EQUAL(mode_of(folder.path / "real.csv"), mode);
  }
  // Through a link whose target does not exist yet.
  fs::create_directory(folder.path / "d");
  fs::create_symlink("d/new.csv", folder.path / "dangling.csv");
  CAF_CHECK_EQUAL(in_folder("export app.db -t t dangling.csv").code, 0);
  CAF_CHECK_EQUAL(content_of(folder.path / "d" / "new.csv"), exported);
  CAF_CHECK(fs::is_symlink(folder.path / "dangling.csv"));
  // A new file gets its mode from the user's mask.
  CAF_CHECK_EQUAL(through_sh("umask 027; \"$p\" export app.db -t t masked.csv").code, 0);
  CAF_CHECK_EQUAL(mode_of(folder.path / "masked.csv"), 0640u);
}

CAF_TEST(nothing that lies beside an export is touched) {
  const auto victim = folder.path / "victim";
  write_text(victim, "precious");
  fs::create_symlink(victim, folder.path / "out.csv.partial");
  write_text(folder.path / "out2.csv.partial", "mine");
  const auto before = names();
  CAF_CHECK_EQUAL(in_folder("export app.db -t t out.csv").code, 0);
  CAF_CHECK_EQUAL(in_folder("export app.db -t t out2.csv").code, 0);
  CAF_CHECK_EQUAL(content_of(victim), "precious");
  CAF_CHECK_EQUAL(content_of(folder.path / "out2.csv.partial"), "mine");
  // A failing export leaves nothing, neither beside nor instead of the existing file.
  CAF_CHECK_EQUAL(in_folder("export app.db 'SELECT abs(-9223372036854775808) FROM t' out.csv").code,
                  1);
  CAF_CHECK_EQUAL(
      in_folder("export app.db 'WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
                "SELECT CASE WHEN x < 90000 THEN x ELSE abs(-9223372036854775808) END FROM n' "
                "out.csv")
          .code,
      1);
  CAF_CHECK_EQUAL(content_of(folder.path / "out.csv"), exported);
  CAF_CHECK_EQUAL(in_folder("export app.db -t t none/out.csv").code, 1);
  CAF_CHECK_EQUAL(in_folder("export app.db -t t again/").code, 1);
  auto expected = before;
  expected.insert({"out.csv", "out2.csv"});
  CAF_CHECK(names() == expected);
}

CAF_TEST(a file that cannot be synced does not take its name) {
  if (!calls_can_fail())
    DBENGINE_SKIP("system calls cannot be made to fail here");
  const auto out = folder.path / "out.csv";
  write_text(out, "old");
  const auto before = names();
  const auto found = in_child([&] {
    let_fail({__NR_fsync}, EIO);
    try {
      app::output_file to(out);
      to.stream().write("new");
      to.commit();
    } catch (const app::write_failure& e) {
      throw error(errc::io, e.what());
    }
  });
  CAF_CHECK_EQUAL(found.code, errc::io);
  CAF_CHECK(found.message.find("cannot write") != std::string::npos);
  CAF_CHECK_EQUAL(content_of(out), "old");
  CAF_CHECK(names() == before);
}

CAF_TEST(two exports to one name do not mix) {
  const auto sql = [](const std::string& letter) {
    return "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000) "
           "SELECT printf('%.*c', 40, '" +
           letter + "') AS v FROM n";
  };
  constexpr int rounds = 5;
  constexpr std::size_t whole = 2 + 20'000 * 41;
  std::size_t mixed = 0;
  for (int i = 0; i < rounds; ++i) {
    std::vector<std::thread> both;
    for (const std::string letter : {"a", "b"})
      both.emplace_back([&, letter] {
        const auto r =
            run({"export", "app.db", sql(letter), "out.csv", "-q"}, {.folder = folder.path});
        if (r.code != 0)
          std::fprintf(stderr, "%s\n", r.err.c_str());
      });
    for (auto& t : both)
      t.join();
    const auto text = content_of(folder.path / "out.csv").substr(2);
    mixed += text.size() + 2 != whole ||
             text.find_first_not_of(std::string(1, text[0]) + "\n") != std::string::npos;
  }
  CAF_MESSAGE(rounds << " pairs of exports, " << mixed << " mixed");
  CAF_CHECK_EQUAL(mixed, 0u);
}

CAF_TEST(pipes and open descriptors are written directly) {
  CAF_CHECK_EQUAL(through_sh("(echo head; \"$p\" export app.db -t t /dev/stdout -q) > o.txt").code,
                  0);
  CAF_CHECK_EQUAL(content_of(folder.path / "o.txt"), std::string("head\n") + exported);
  CAF_CHECK_EQUAL(through_sh("\"$p\" export app.db -t t /dev/stdout | cat").out, exported);
  CAF_CHECK_EQUAL(through_sh("\"$p\" export app.db -t t /dev/fd/3 3> p.txt").code, 0);
  CAF_CHECK_EQUAL(content_of(folder.path / "p.txt"), exported);
  CAF_CHECK_EQUAL(
      through_sh("mkfifo f; cat f & \"$p\" export app.db -t t f -q; wait; test -p f").out,
      exported);
  CAF_CHECK_EQUAL(in_folder("export app.db -t t /dev/null").code, 0);
  CAF_CHECK_EQUAL(in_folder("export app.db -t t /dev/full").code, 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
