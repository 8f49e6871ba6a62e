// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that kill a process at random moments while it backs up, removes and restores; each time,
// what it leaves must be intact.
#include "backup/backup_restore.hpp"

#include "support/engine/backup_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <csignal>
#include <fcntl.h>
#include <random>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;

namespace {

// DBENGINE_KILLS sets another number of kills.
int kills() {
  const char* text = std::getenv("DBENGINE_KILLS");
  return text != nullptr ? std::atoi(text) : 200;
}

// Starts the program, waits for its line, and lets it die: at its own `points`-th fault point, or
// by a signal after `wait`.
void run_and_kill(const std::filesystem::path& folder, long points, std::chrono::microseconds wait,
                  const char* mode) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    CAF_FAIL("pipe");
  dbengine::os::unique_fd out(ends[0]);
  dbengine::os::unique_fd in(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.get(), 1);
  const std::string program = DBENGINE_BIN_DIR "/backup_loop";
  const auto number_of_points = std::to_string(points);
  const auto path = folder.string();
  const char* const argv[] = {program.c_str(), path.c_str(), number_of_points.c_str(), mode,
                              nullptr};
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, program.c_str(), &actions, nullptr,
                                 const_cast<char* const*>(argv), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    CAF_FAIL("cannot start " << program);
  in.reset();
  char c = 0;
  while (read(out.get(), &c, 1) == 1 && c != '\n') {
  }
  if (points == 0) {
    // A delay, not a wait for a condition: the moment of the kill is what is tested.
    const timespec t{wait.count() / 1'000'000, wait.count() % 1'000'000 * 1000};
    nanosleep(&t, nullptr);
    kill(pid, SIGKILL);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
    CAF_FAIL("the program ended by itself: status " << status);
}

struct findings {
  int broken = 0;
  int lost = 0;
  int leftovers = 0;
  int bad_targets = 0;
  int most_backups = 0;
  // Situations that occurred.
  int made_again = 0;
  int unborn = 0;
};

// True if the folder has an entry with this name, or with this name and a suffix.
bool begun(const std::filesystem::path& folder, const std::string& name) {
  for (const auto& e : std::filesystem::directory_iterator(folder))
    if (const auto there = e.path().filename().string();
        there == name || there.starts_with(name + "."))
      return true;
  return false;
}

void inspect(const std::filesystem::path& folder, bool& had_one, findings& found) {
  const auto backups = folder / "backups";
  const auto restored = folder / "restored.db";
  // The next start, and the first query for backups, which checks their folder. A backup to a given
  // path that was killed is made again.
  {
    const db_engine live((folder / "live.db").string(), {.backup_dir = backups});
    static_cast<void>(live.get_backup_info());
    for (const std::string name : {"given.db", "packed.db.zst"})
      if (begun(folder, name) && !std::filesystem::exists(folder / name)) {
        live.backup_to(folder / name);
        found.broken += !verify_backup(folder / name).ok;
        ++found.made_again;
      } else if (std::filesystem::exists(folder / name)) {
        found.broken += !verify_backup(folder / name).ok;
      }
  }
  int good = 0;
  std::filesystem::path whole;
  const auto listed = dbengine::backup::list_backups(backups);
  for (const auto& b : listed) {
    const bool ok = verify_backup(b.path).ok;
    found.broken += !ok;
    good += ok && b.verified;
    if (ok)
      whole = b.path;
  }
  // A restore to a new name may die before the file exists. An engine of that name would create an
  // empty one, so the next restore into the folder, under any name, cleans up.
  if (std::filesystem::exists(restored)) {
    const db_engine target(restored.string(), {.backup_dir = backups});
  } else if (!whole.empty()) {
    found.unborn += begun(folder, ".restored.db");
    restore_backup(whole, folder / "another.db", true);
  }
  found.lost += had_one && good == 0;
  had_one = had_one || good > 0;
  found.most_backups = std::max(found.most_backups, static_cast<int>(listed.size()));
  for (const auto* dir : {&folder, &backups})
    if (std::filesystem::exists(*dir))
      for (const auto& e : std::filesystem::directory_iterator(*dir)) {
        const auto name = e.path().filename().string();
        found.leftovers +=
            name.ends_with(".partial") || name.find(".dbengine-restore") != std::string::npos;
      }
  if (std::filesystem::exists(restored))
    found.bad_targets +=
        dbengine::sqlite::column_of(open_plain(restored).get(), "PRAGMA integrity_check", "q")
                .at(0) != "ok" ||
        number(open_plain(restored).get(), "SELECT count(*) FROM t") == 0;
}

} // namespace

CAF_TEST(killed at any moment the backups are whole) {
  const temporary_folder folder;
  const unsigned seed = std::random_device{}();
  CAF_MESSAGE("seed " << seed);
  std::minstd_rand random(seed);
  findings found;
  bool had_one = false;
  const int n = kills();
  for (int i = 0; i < n; ++i) {
    // Every second kill is at a fault point: fault points are never missed by chance, however short
    // they are.
    if (i % 2 == 0)
      run_and_kill(folder.path, std::uniform_int_distribution<long>(1, 120)(random), {}, "careful");
    else
      run_and_kill(folder.path, 0,
                   std::chrono::microseconds(std::uniform_int_distribution<int>(0, 60'000)(random)),
                   "careful");
    inspect(folder.path, had_one, found);
  }
  CAF_CHECK(had_one);
  CAF_CHECK_EQUAL(found.broken, 0);
  CAF_CHECK_EQUAL(found.lost, 0);
  CAF_CHECK_EQUAL(found.leftovers, 0);
  CAF_CHECK_EQUAL(found.bad_targets, 0);
  CAF_CHECK(found.most_backups >= 2);
  CAF_CHECK(std::filesystem::exists(folder.path / "restored.db"));
}

CAF_TEST(killed at each point of the first round nothing is left) {
  findings found;
  long points = 0;
  for (bool restored = false; !restored;) {
    const temporary_folder folder;
    run_and_kill(folder.path, ++points, {}, "careful");
    bool had_one = false;
    inspect(folder.path, had_one, found);
    restored = std::filesystem::exists(folder.path / "restored.db");
    CAF_REQUIRE(points < 200);
  }
  CAF_MESSAGE(points << " points, " << found.made_again << " backups into a path, " << found.unborn
                     << " restores");
  CAF_CHECK_EQUAL(found.broken, 0);
  CAF_CHECK_EQUAL(found.leftovers, 0);
  CAF_CHECK_EQUAL(found.bad_targets, 0);
  CAF_CHECK(found.made_again > 5);
  CAF_CHECK(found.unborn > 2);
}

CAF_TEST(a careless backup is found out) {
  const temporary_folder folder;
  std::filesystem::create_directory(folder.path / "backups");
  std::minstd_rand random(1);
  findings found;
  bool had_one = false;
  for (int i = 0; i < 40 && found.broken == 0; ++i) {
    run_and_kill(folder.path, std::uniform_int_distribution<long>(1, 60)(random), {}, "careless");
    inspect(folder.path, had_one, found);
  }
  CAF_CHECK(found.broken > 0);
}
