// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of attacks by links. A user with write access to the folder of the backups puts links under
// every name in it. The user also replaces the folder by a link, as fast as possible. Nothing
// outside is written or removed.
#include "backup/backup_restore.hpp"
#include "backup/restore_names.hpp"

#include "support/engine/backup_fixture.hpp"

#include <atomic>
#include <fcntl.h>
#include <linux/fs.h>
#include <random>
#include <sys/stat.h>
#include <thread>
#include <time.h>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

constexpr int rounds = 100;
// Bounds the test on a machine on which no backup succeeds, or every one.
constexpr auto patience = 10s;

const auto second = std::chrono::sys_days(std::chrono::year(2026) / 1 / 2);

// The files outside, which are checked after each round.
struct outside {
  std::filesystem::path folder;

  explicit outside(std::filesystem::path path) : folder(std::move(path)) {
    std::filesystem::create_directory(folder);
    for (const auto& name : names())
      write_file(folder / name, content(name));
  }
  // Names that an engine misled by the links would also find here.
  static std::vector<std::string> names() {
    std::vector<std::string> result;
    for (unsigned n = 1; n <= 4; ++n)
      for (const std::string suffix : {"", ".json", ".partial", ".json.partial"})
        result.push_back(dbengine::backup::backup_name{.time = second, .number = n}.str() + suffix);
    result.push_back("precious");
    return result;
  }
  static std::string content(const std::string& name) { return "precious " + name; }
  bool intact() const {
    std::size_t files = 0;
    for (const auto& e : std::filesystem::directory_iterator(folder)) {
      std::ifstream in(e.path(), std::ios::binary);
      const std::string text(std::istreambuf_iterator<char>(in), {});
      if (e.is_symlink() || text != content(e.path().filename().string()))
        return false;
      ++files;
    }
    return files == names().size();
  }
};

// A pause between two attacks, so that a backup succeeds now and then. It is part of the test, not
// a wait for a condition.
void lurk(std::minstd_rand& random) {
  const timespec t{0, static_cast<long>(random() % 8'000'000)};
  nanosleep(&t, nullptr);
}

// Attacks until it is destroyed.
class attacker {
public:
  attacker(std::filesystem::path backups, std::filesystem::path trap, bool swaps_folder)
      : backups_(std::move(backups)), trap_(std::move(trap)), swaps_folder_(swaps_folder),
        thread_([this] { attack(); }) {}
  ~attacker() {
    stop_ = true;
    thread_.join();
  }
  attacker(const attacker&) = delete;
  attacker& operator=(const attacker&) = delete;

private:
  void attack() {
    const auto link = backups_.string() + ".link";
    std::filesystem::create_directory_symlink(trap_, link);
    std::minstd_rand random(1);
    const auto names = outside::names();
    while (!stop_) {
      // A link replaces the entry of that name; its target exists in the trap.
      const auto name = random() % 2 == 0 ? names[random() % names.size()] : a_name_there(random);
      const auto fresh = backups_.string() + ".fresh";
      if (symlink((trap_ / name).c_str(), fresh.c_str()) == 0)
        (void)std::rename(fresh.c_str(), (backups_ / name).c_str());
      if (random() % 4 == 0)
        (void)unlink((backups_ / names[random() % names.size()]).c_str());
      // The folder and the link are exchanged, and exchanged back after a moment.
      if (swaps_folder_ && random() % 8 == 0 && swap(link)) {
        std::this_thread::yield();
        while (!swap(link)) {
        }
      }
      lurk(random);
    }
    std::filesystem::remove(link);
  }
  std::string a_name_there(std::minstd_rand& random) const {
    std::vector<std::string> found;
    std::error_code ignored;
    for (std::filesystem::directory_iterator i(backups_, ignored), end; i != end;
         i.increment(ignored))
      // A link for the lock file would only stop every backup until it is removed.
      if (!i->is_symlink(ignored) && i->path().filename() != dbengine::backup::backup_lock_name)
        found.push_back(i->path().filename());
    return found.empty() ? "precious" : found[random() % found.size()];
  }
  bool swap(const std::string& link) const {
    return renameat2(AT_FDCWD, backups_.c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE) == 0;
  }

  std::filesystem::path backups_;
  std::filesystem::path trap_;
  bool swaps_folder_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

} // namespace

//  attacker                          | this thread
//  ----------------------------------+----------------------------------------------
//  puts links under names, swaps the | backs up, prunes, cleans, restores; most of it
//  folder with a link, in a loop     | fails; checks the files outside
CAF_TEST(links under every name and in the place of the folder lead nowhere) {
  backup_fixture f(50);
  const outside trap(f.folder.path / "trap");
  std::filesystem::create_directory(f.backups);
  auto s = f.settings();
  s.now = [] { return wall_time(second); };
  const auto target = f.folder.path / "restored.db";
  for (const bool swaps_folder : {false, true}) {
    int made = 0, failed = 0, harmed = 0;
    const auto attempt = [&](auto&& work) {
      try {
        work();
      } catch (const error&) {
        ++failed;
      } catch (const std::filesystem::filesystem_error&) {
        ++failed; // of the test's own access to the folder
      }
    };
    {
      const attacker a(f.backups, trap.folder, swaps_folder);
      const auto end = std::chrono::steady_clock::now() + patience;
      for (int i = 0;
           i < rounds || ((made == 0 || failed == 0) && std::chrono::steady_clock::now() < end);
           ++i) {
        attempt([&] {
          s.compress = i % 3 == 0;
          made += f.make(s).verified;
        });
        attempt([&] {
          dbengine::backup::apply_retention(f.backups, f.source(), {.keep_count = 1}, {}, false);
        });
        attempt([&] { dbengine::backup::clean_backup_directory(f.backups); });
        attempt([&] {
          if (const auto all = dbengine::backup::list_backups(f.backups); !all.empty())
            restore_backup(all.front().path, target, true);
        });
        harmed += !trap.intact();
      }
    }
    CAF_MESSAGE(made << " made, " << failed << " failed");
    CAF_CHECK_EQUAL(harmed, 0);
    // The attack had an effect, and did not succeed in every round.
    CAF_CHECK(made > 0);
    CAF_CHECK(failed > 0);
    // Without the attack, backups work again.
    CAF_CHECK(verify_backup(f.make(s).path).ok);
    CAF_CHECK(trap.intact());
  }
}

CAF_TEST(links beside the target of a restore lead nowhere) {
  backup_fixture f(50);
  const auto made = f.make();
  const outside trap(f.folder.path / "trap");
  const auto folder = f.folder.path / "data";
  std::filesystem::create_directory(folder);
  const auto target = folder / "app.db";
  std::atomic<bool> stop{false};
  std::thread attack([&] {
    const auto fresh = (folder / "fresh").string();
    // Not `-wal` and `-journal`: SQLite itself opens these by their paths, for any user of the
    // database.
    const dbengine::backup::restore_names beside("app.db");
    const std::string names[] = {beside.partial, beside.old};
    std::minstd_rand random(1);
    for (std::size_t i = 0; !stop; ++i) {
      lurk(random);
      const auto& name = names[i % std::size(names)];
      if (symlink((trap.folder / "precious").c_str(), fresh.c_str()) == 0)
        (void)std::rename(fresh.c_str(), (folder / name).c_str());
      if (i % 3 == 0)
        (void)unlink((folder / names[(i / 3) % std::size(names)]).c_str());
    }
  });
  int restored = 0, failed = 0, harmed = 0;
  const auto end = std::chrono::steady_clock::now() + patience;
  for (int i = 0;
       i < rounds || ((restored == 0 || failed == 0) && std::chrono::steady_clock::now() < end);
       ++i) {
    // A link that exists before only gets the restore refused: the race is what is tested.
    for (const auto& name : {dbengine::backup::restore_names("app.db").partial,
                             dbengine::backup::restore_names("app.db").old})
      if (std::error_code ignored; std::filesystem::is_symlink(folder / name, ignored))
        (void)unlink((folder / name).c_str());
    try {
      restore_backup(made.path, target, true);
      ++restored;
    } catch (const error&) {
      ++failed;
    }
    harmed += !trap.intact();
  }
  stop = true;
  attack.join();
  CAF_MESSAGE(restored << " restored, " << failed << " failed");
  CAF_CHECK_EQUAL(harmed, 0);
  CAF_CHECK(restored > 0);
  CAF_CHECK(failed > 0);
  dbengine::backup::clean_after_restore(target);
  for (const auto& e : std::filesystem::directory_iterator(folder))
    if (e.is_symlink())
      std::filesystem::remove(e.path());
  restore_backup(made.path, target, true);
  CAF_CHECK_EQUAL(number(open_plain(target).get(), "SELECT count(*) FROM t"), 50);
}

CAF_TEST(the same attack delivers the trap to a careless backup) {
  const temporary_folder folder;
  const outside trap(folder.path / "trap");
  const auto backups = folder.path / "backups";
  std::filesystem::create_directory(backups);
  const attacker a(backups, trap.folder, false);
  const auto name = dbengine::backup::backup_name{.time = second}.str();
  const auto end = std::chrono::steady_clock::now() + patience;
  while (trap.intact() && std::chrono::steady_clock::now() < end)
    write_file(backups / (name + ".partial"), "a backup");
  CAF_CHECK(!trap.intact());
}
