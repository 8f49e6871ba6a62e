// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An engine with a backup every second, in a process whose wall clock jumps.
//
//   backup_clock FOLDER
//
// Exits with 0 if backups continued at their interval after each jump, otherwise with 1 and a line
// that says why.
#include "backup/backup_catalog.hpp"

#include <dbengine/db_engine.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <sys/syscall.h>
#include <thread>
#include <time.h>
#include <unistd.h>

using namespace dbengine;
using namespace std::chrono_literals;

namespace {

std::atomic<std::int64_t> seconds_ahead{0};
std::atomic<std::int64_t> asked{0};

} // namespace

// Replaces the function of the C library, which the standard library's clocks call. The steady
// clock is unchanged.
extern "C" int clock_gettime(clockid_t id, timespec* t) noexcept {
  const auto rc = syscall(SYS_clock_gettime, id, t);
  if (rc == 0 && id == CLOCK_REALTIME) {
    t->tv_sec += seconds_ahead;
    ++asked;
  }
  return static_cast<int>(rc);
}

int main(int argc, char** argv) {
  if (argc != 2)
    return 2;
  const std::filesystem::path folder = argv[1];
  const db_engine db(
      (folder / "live.db").string(),
      {.backup_enabled = true, .backup_interval = 1s, .backup_dir = folder / "backups"});
  std::string newest;
  constexpr std::int64_t hour = 3600, year = 365 * 24 * hour;
  for (const std::int64_t ahead : {std::int64_t{0}, hour, -10 * year, 10 * year, std::int64_t{0}}) {
    const auto before_jump = asked.load();
    seconds_ahead = ahead;
    const auto begin = std::chrono::steady_clock::now();
    const auto made_before = db.get_backup_info().total_backups;
    auto info = db.get_backup_info();
    while (info.total_backups < made_before + 3) {
      if (std::chrono::steady_clock::now() - begin > 60s) {
        std::printf("no three backups within a minute, the clock %+lld s\n",
                    static_cast<long long>(ahead));
        return 1;
      }
      std::this_thread::sleep_for(10ms);
      info = db.get_backup_info();
    }
    const auto periods = (std::chrono::steady_clock::now() - begin) / 1s;
    const auto made = info.total_backups - made_before;
    if (made > static_cast<std::uint64_t>(periods) + 2 || asked == before_jump) {
      std::printf("%llu backups in %lld periods, the clock %+lld s\n",
                  static_cast<unsigned long long>(made), static_cast<long long>(periods),
                  static_cast<long long>(ahead));
      return 1;
    }
    // Whatever the clock says, the newest is listed first, and retention has not removed it.
    if (info.failed_backups != 0 || info.backup_files.empty() ||
        info.backup_files.front().filename == newest ||
        !verify_backup(info.backup_files.front().path).ok) {
      std::printf("the newest backup is not listed first, the clock %+lld s: %s\n",
                  static_cast<long long>(ahead), info.last_error.c_str());
      return 1;
    }
    newest = info.backup_files.front().filename;
    if (!info.next_due || *info.next_due > std::chrono::system_clock::now() + 2s) {
      std::printf("the next one is due too late, the clock %+lld s\n",
                  static_cast<long long>(ahead));
      return 1;
    }
  }
  return 0;
}
