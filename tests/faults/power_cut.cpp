// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of power cuts. A program runs under a recorder of its writes, truncations, renames and
// syncs. From the records, images of what a disk may hold after a cut at any moment are built, and
// the engine opens each. With `full`, nothing that was acknowledged may be missing. With `normal`,
// the last rows may be missing, but never one before a row that is there. Nothing may be damaged,
// and no work may leave files behind that the next one does not remove.
//
// DBENGINE_POWER_CUTS=N makes about N images (2,040), DBENGINE_SEED=N repeats a run.
#include "support/faults/power_cut.hpp"
#include "support/faults/memory_folder.hpp"
#include "support/process/child.hpp"
#include "support/process/paths.hpp"

#include "backup/backup_catalog.hpp"
#include "sqlite/plain_database.hpp"

#include <dbengine/backup.hpp>
#include <dbengine/db_engine.hpp>

#include <algorithm>
#include <cstdio>
#include <set>
#include <sqlite3.h>
#include <sstream>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;

namespace {

constexpr int old_rows = 40;
constexpr int new_rows = 25;

struct work_kind {
  std::string name;
  std::string level;
  int share = 1;             // of the images
  int failing_sync = 0;      // number of the failing sync of the log; 0: none
  bool without_sync = false; // negative controls
  std::string promised = level;
  std::string mutant = {};
};

struct figures {
  std::set<std::size_t> points = {};
  int images = 0, lost = 0, corrupt = 0, leftovers = 0;
  int copied = 0;         // writes to the database while its log has bytes whose sync failed
  std::string first = {}; // the first problem found
};

// What the program had acknowledged before the cut.
struct told {
  std::map<int, int> rows, gone;
  std::map<int, int> safe; // rows from before the work, safe at any level
  std::vector<std::string> backups;
  bool any = false, restored = false;

  void add(const std::string& line) {
    std::istringstream in(line);
    std::string what, name;
    int writer = 0, n = 0;
    in >> what;
    any = true;
    if (what == "row" && in >> writer >> n)
      rows[writer] = std::max(rows[writer], n);
    else if (what == "gone" && in >> writer >> n)
      gone[writer] = n;
    else if (what == "backup" && in >> name)
      backups.push_back(name);
    else if (what == "restored")
      restored = true;
  }
};

// Creates the schema of power_cut_victim with plain SQLite. The process ends without closing, so
// that the log stays.
void make_database(const std::filesystem::path& path, int writer, int rows, bool log) {
  const auto make = [&] {
    const auto db = dbengine::sqlite::open_database(
        path.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr, "open");
    dbengine::sqlite::run_sql(
        db.get(),
        std::string(log ? "PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0;" : "") +
            "CREATE TABLE t (id INTEGER PRIMARY KEY, writer, n, pad);"
            "CREATE UNIQUE INDEX i ON t (writer, n);"
            "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT " +
            std::to_string(rows) + ") INSERT INTO t (writer, n, pad) SELECT " +
            std::to_string(writer) + ", x, printf('%0900d', x) FROM c",
        "fill");
    ::_exit(0); // before the handle is closed
    return 0;
  };
  CAF_REQUIRE_EQUAL(in_child(make), 0);
}

class harness {
public:
  harness(work_kind k, std::uint64_t seed) : kind_(std::move(k)), random_(seed) {
    work_ = folder_.path / "work";
    std::filesystem::create_directories(work_ / "backups");
    if (kind_.name == "restore")
      make_database(work_ / "a.db", 1, old_rows, true);
    if (kind_.name.starts_with("restore"))
      make_database(work_ / "backup.sqlite", 2, new_rows, false);
    if (kind_.name == "convert") // from a rollback journal to a write-ahead log
      make_database(work_ / "a.db", 1, old_rows, false);
  }

  figures run(int images) {
    disk_model disk(work_);
    const auto calls = record();
    const auto moments = choose(calls, images);
    std::filesystem::remove_all(work_);
    told acknowledged;
    if (kind_.name == "convert")
      acknowledged.safe[1] = old_rows;
    std::size_t at = 0, syncs = 0;
    for (const auto moment : moments) {
      for (; at < moment; ++at) {
        const auto& c = calls[at];
        if (c.kind == record_kind::mark)
          acknowledged.add(c.first);
        syncs += is_sync(c) ? 1 : 0;
        // With `full`, bytes that are not safe may belong to a failed commit, which is not copied.
        if (kind_.name == "failing" && kind_.level == "normal" && c.kind == record_kind::write &&
            c.first == "a.db" && disk.unsafe_after_failed_sync("a.db-wal"))
          ++found_.copied;
        kind_.without_sync ? disk.apply_without_sync(c) : disk.apply(c);
      }
      found_.points.insert(syncs);
      look_at(disk, acknowledged);
    }
    return found_;
  }

private:
  static bool is_sync(const recorded_call& c) {
    return c.kind == record_kind::sync || c.kind == record_kind::sync_folder ||
           c.kind == record_kind::failed_sync;
  }

  std::vector<recorded_call> record() const {
    const auto log = folder_.path / "log";
    // The loader ends a path at a space, and the path of the checkout may contain one.
    const auto preload = folder_.path / "recorder.so";
    if (!std::filesystem::is_symlink(preload))
      std::filesystem::create_symlink(built("power_cut_recorder.so"), preload);
    const auto command = "POWER_CUT_FOLDER=" + shell_word(work_.string()) +
                         " POWER_CUT_LOG=" + shell_word(log.string()) +
                         " POWER_CUT_FAILING_SYNC=" + std::to_string(kind_.failing_sync) +
                         " LD_PRELOAD=" + shell_word(preload.string()) + " " +
                         shell_word(built("power_cut_victim")) + " " + kind_.name + " " +
                         shell_word(work_.string()) + " " + kind_.level + " \"" + kind_.mutant +
                         "\"";
    CAF_REQUIRE_EQUAL(std::system(command.c_str()), 0);
    auto calls = read_records(log);
    CAF_REQUIRE(std::count_if(calls.begin(), calls.end(), is_sync) > 0 || kind_.level == "off");
    return calls;
  }

  // Half of the moments are right before a sync, when most data is not safe; half are anywhere.
  std::vector<std::size_t> choose(const std::vector<recorded_call>& calls, int images) {
    std::vector<std::size_t> syncs, result;
    for (std::size_t i = 0; i < calls.size(); ++i)
      if (is_sync(calls[i]))
        syncs.push_back(i);
    const auto below = [&](std::size_t n) {
      return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
    };
    for (int i = 0; i < images; ++i)
      result.push_back(i % 2 == 0 && !syncs.empty() ? syncs[below(syncs.size())]
                                                    : below(calls.size()) + 1);
    std::sort(result.begin(), result.end());
    return result;
  }

  void look_at(const disk_model& disk, const told& acknowledged) {
    // The image is at the path of the work, because backups know their database by its path.
    const auto& image = work_;
    const auto cut = static_cast<cut_kind>(found_.images++ % cut_kinds);
    disk.cut(image, cut, random_);
    std::string problem;
    int figures::*count = &figures::corrupt;
    try {
      problem = judge(image, acknowledged, count);
    } catch (const error& e) {
      problem = std::string(to_string(e.code())) + ": " + e.message();
    } catch (const std::exception& e) {
      problem = e.what();
    }
    if (!problem.empty()) {
      ++(found_.*count);
      if (found_.first.empty())
        found_.first = "image " + std::to_string(found_.images) + " (cut " +
                       std::to_string(static_cast<int>(cut)) + "): " + problem;
    }
    std::filesystem::remove_all(image);
  }

  // Returns an empty string if all is well, else sets `count` to the kind of problem.
  std::string judge(const std::filesystem::path& image, const told& acknowledged,
                    int figures::*& count) const {
    const bool full = kind_.promised == "full";
    const db_engine db((image / "a.db").string(), {.backup_dir = image / "backups"});
    for (const auto& e : std::filesystem::directory_iterator(image))
      if (e.path().filename().string().find("dbengine-restore") != std::string::npos) {
        count = &figures::leftovers;
        return "left behind: " + e.path().filename().string();
      }
    if (const auto problems = db.integrity_check(); !problems.empty())
      return problems.front();
    if (db.fetch_value<std::int64_t>("SELECT count(*) FROM sqlite_schema WHERE name = 't'") == 0) {
      count = &figures::lost;
      return (full && acknowledged.any) || !acknowledged.safe.empty() ? "the table is not there"
                                                                      : "";
    }
    auto problem = kind_.name.starts_with("restore") ? judge_restore(db, acknowledged, count)
                                                     : judge_rows(db, acknowledged, full, count);
    if (problem.empty() && (kind_.name == "backups" || kind_.name == "packed"))
      problem = judge_backups(db, image / "backups", acknowledged, count);
    return problem;
  }

  std::string judge_rows(const db_engine& db, const told& acknowledged, bool full,
                         int figures::*& count) const {
    std::map<int, int> last;
    for (const auto& r :
         db.fetch("SELECT writer, min(n), max(n), count(*) FROM t GROUP BY writer")) {
      const auto writer = r[0].as<int>();
      last[writer] = r[2].as<int>();
      const auto gone = acknowledged.gone.find(writer);
      if (r[2].as<int>() - r[1].as<int>() + 1 != r[3].as<int>())
        return "a row is missing before one that is there";
      if (kind_.name == "bulk" && r[3].as<int>() % 50 != 0)
        return "a part of execute_many()";
      if (full && gone != acknowledged.gone.end() && r[1].as<int>() <= gone->second) {
        count = &figures::lost;
        return "a deleted row is back";
      }
    }
    auto must_be = acknowledged.safe;
    if (full)
      must_be.insert(acknowledged.rows.begin(), acknowledged.rows.end());
    for (const auto& [writer, n] : must_be)
      if (last[writer] < n) {
        count = &figures::lost;
        return "row " + std::to_string(n) + " of writer " + std::to_string(writer) +
               " was acknowledged, the last one is " + std::to_string(last[writer]);
      }
    return {};
  }

  static std::string judge_restore(const db_engine& db, const told& acknowledged,
                                   int figures::*& count) {
    const auto seen = db.fetch("SELECT writer, count(*) FROM t GROUP BY writer");
    if (seen.size() != 1)
      return "rows of both databases, or of none";
    const bool fresh = seen[0][0].as<int>() == 2;
    if (seen[0][1].as<int>() != (fresh ? new_rows : old_rows))
      return "not all rows of one of the two";
    if (acknowledged.restored && !fresh) {
      count = &figures::lost;
      return "the restore was acknowledged";
    }
    return {};
  }

  static std::string judge_backups(const db_engine& db, const std::filesystem::path& folder,
                                   const told& acknowledged, int figures::*& count) {
    std::set<std::string> listed;
    // All backups in the folder: an image is another folder, so its engine does not count them as
    // its own history.
    for (const auto& b : dbengine::backup::list_backups(folder)) {
      listed.insert(b.filename);
      if (const auto report = verify_backup(b.path); !report.ok)
        return b.filename + " does not verify: " + report.problems.front();
    }
    count = &figures::lost;
    for (const auto& name : acknowledged.backups)
      if (!listed.contains(name))
        return name + " was acknowledged";
    count = &figures::leftovers;
    if (!db.request_backup())
      return "no backup can be made";
    for (const auto& e : std::filesystem::directory_iterator(folder)) {
      const auto name = e.path().filename().string();
      const bool pair = std::filesystem::exists(
          name.ends_with(".json") ? e.path().parent_path() / e.path().stem()
                                  : std::filesystem::path(e.path().string() + ".json"));
      if (name.starts_with("backup_") && !pair)
        return "left behind: " + name;
    }
    count = &figures::corrupt;
    return {};
  }

  const memory_folder folder_;
  const work_kind kind_;
  std::filesystem::path work_;
  std::mt19937_64 random_;
  figures found_;
};

void print(const work_kind& k, const figures& f) {
  std::printf("%-12s %-7s %6zu %8d %6d %8d %10d %8d  %s\n", k.name.c_str(), k.level.c_str(),
              f.points.size(), f.images, f.lost, f.corrupt, f.leftovers, f.copied, f.first.c_str());
  std::fflush(stdout);
}

std::uint64_t seed() {
  const auto s = static_cast<std::uint64_t>(number_from("DBENGINE_SEED", 20261130));
  std::printf("DBENGINE_SEED=%llu\n%-12s %-7s %6s %8s %6s %8s %10s %8s\n",
              static_cast<unsigned long long>(s), "work", "level", "syncs", "images", "lost",
              "corrupt", "leftovers", "copied");
  return s;
}

} // namespace

CAF_TEST(no power cut loses what was acknowledged or damages a file) {
#ifdef __SANITIZE_ADDRESS__
  DBENGINE_SKIP("the sanitizer must be the first library");
#endif
  const std::vector<work_kind> kinds{
      {"opening", "full"},         {"opening", "normal"},       {"groups", "full"},
      {"groups", "normal"},        {"checkpoints", "full"},     {"checkpoints", "normal"},
      {"vacuum", "full"},          {"vacuum", "normal"},        {"bulk", "full"},
      {"bulk", "normal"},          {"backups", "full"},         {"packed", "full"},
      {"convert", "full"},         {"convert", "normal"},       {"restore_new", "full"},
      {"restore", "full", 3},      {"failing", "full", 1, 7},   {"failing", "full", 1, 24},
      {"failing", "normal", 1, 4}, {"failing", "normal", 1, 5}, {"failing", "normal", 1, 10},
      {"failing", "normal", 1, 16}};
  int shares = 0;
  for (const auto& k : kinds)
    shares += k.share;
  const auto images = static_cast<int>(number_from("DBENGINE_POWER_CUTS", 2048)) / shares;
  auto random = seed();
  std::size_t points = 0;
  for (const auto& k : kinds) {
    const auto found = harness(k, ++random).run(images * k.share);
    print(k, found);
    points += found.points.size();
    CAF_CHECK_EQUAL(found.lost, 0);
    CAF_CHECK_EQUAL(found.corrupt, 0);
    CAF_CHECK_EQUAL(found.leftovers, 0);
    CAF_CHECK_EQUAL(found.copied, 0);
  }
  std::printf("sync points: %zu\n", points);
  CAF_CHECK(points >= 200);
}

CAF_TEST(a disk that ignores syncs and an engine that makes none are found) {
#ifdef __SANITIZE_ADDRESS__
  DBENGINE_SKIP("the sanitizer must be the first library");
#endif
  auto random = seed();
  const auto caught = [&](const work_kind& k, int images) {
    const auto found = harness(k, ++random).run(images);
    print(k, found);
    return found.lost + found.corrupt + found.copied;
  };
  CAF_CHECK(caught({.name = "groups", .level = "full", .without_sync = true}, 40) > 0);
  CAF_CHECK(caught({.name = "checkpoints", .level = "normal", .without_sync = true}, 80) > 0);
  CAF_CHECK(caught({.name = "checkpoints", .level = "off", .promised = "full"}, 40) > 0);
#ifdef DBENGINE_FAULTS
  // A checkpoint after a failed sync that relies on the next sync.
  CAF_CHECK(caught({.name = "failing",
                    .level = "normal",
                    .failing_sync = 10,
                    .mutant = "trusts a log that was not synced"},
                   40) > 0);
#endif
}
