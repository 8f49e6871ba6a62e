// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One backup, driven step by step.
// Thread rule: `start`, `step` and the destructor belong to one thread; `progress` and `cancel` are safe on any.
// Ownership: a job owns its connections, its unfinished files and the directory's lock.

#pragma once

#include "backup/backup_catalog.hpp"
#include "backup/backup_stream.hpp"
#include "backup/throttle.hpp"
#include "os/pinned_file.hpp"

#include <atomic>
#include <exception>
#include <future>
#include <optional>
#include <utility>

struct sqlite3_backup;

namespace dbengine::backup {

struct backup_settings {
  /// Path or SQLite URI of the database, with the VFS and the flags that its connections use (SQLITE_OPEN_URI; a
  /// read-only connection is made in any case).
  std::string database = {};
  std::string vfs = {};
  int open_flags = 0;
  /// Who the database is, for manifests and retention; without a path it is `source_of` its file.
  backup_source source = {};
  std::string engine_version = {};

  /// The backup gets a name in this folder, which is made if missing …
  std::filesystem::path directory = {};
  /// … or takes this one, which must not exist, in a folder that must.
  std::filesystem::path target = {};

  bool compress = false;
  int pages_per_step = defaults::backup_pages_per_step;
  /// Between two steps of the copy. Later stages rest this long whenever they have worked as long and somebody wrote meanwhile.
  std::chrono::milliseconds pause = defaults::backup_pause;
  /// Counts the commits of the database, from any thread; without it somebody is taken to write.
  std::function<std::uint64_t()> commits = {};
  std::uint64_t max_wal_bytes = defaults::backup_max_wal_bytes;
  /// Past this the backup fails rather than keep the WAL growing; 0 = no bound.
  std::uint64_t wal_limit = defaults::backup_wal_limit;
  /// Device and inode that the database must have; without them, whatever lies at the path.
  std::optional<std::pair<std::uint64_t, std::uint64_t>> identity = std::nullopt;
  /// Size of the WAL in bytes; without it, that of the WAL file on disk.
  std::function<std::uint64_t()> wal_bytes = {};
  std::function<wall_time()> now = [] { return std::chrono::system_clock::now(); };
  prepare_connection prepare = {};
  /// Told where the job is, for tests: directory, open, pin, page, count, sync, hash, verify, manifest, rename,
  /// publish, done. What it throws fails the job there.
  std::function<void(std::string_view)> at = {};
};

/// Copies a live database: a read transaction pins one snapshot on a read-only connection of the job's own, SQLite's
/// online backup copies its pages into `<name>.partial`, which is synced, verified (`integrity_check`, page count, the
/// snapshot's row counts) and renamed, its manifest just before it. The result is a database in rollback mode
/// without companions.
///
/// The pin is why the copy ends under a steady writer: without it SQLite starts again at every commit. Its price is a
/// WAL that cannot be restarted meanwhile; where it grows past `max_wal_bytes` the pauses are left out, and past `wal_limit`
/// the backup fails.
///
/// The finished copy is hashed, or packed, by a thread of its own while it is verified; where none can be had, after that.
///
/// A failure, a cancellation or an early end of the job removes what it made.
class backup_job {
public:
  /// Takes the directory's lock, removes what dead processes left, opens and pins. None where another backup, of this
  /// or another process, runs in that directory. Throws `error`: `backup_failed`, `disk_full`, `io`, `cannot_open` ….
  static std::unique_ptr<backup_job> start(backup_settings settings);

  ~backup_job();
  backup_job(const backup_job&) = delete;
  backup_job& operator=(const backup_job&) = delete;

  /// Goes one step on; false when the backup is complete. Copying, a step is `pages_per_step` pages; each later stage
  /// (count, sync, verify, publish) is a step, too. After a throw the job is over.
  bool step();
  /// How long to wait before the next step; zero when copying is done, or the WAL too long.
  std::chrono::milliseconds pause() const noexcept;
  /// All steps with their pauses in this thread. `progress`, asked after every step and some 50 times a second within
  /// long ones, cancels by returning false.
  const backup_file& run(const progress_callback& progress = {});

  backup_progress progress() const noexcept {
    return {.pages_done = pages_done_.load(std::memory_order_relaxed),
            .pages_total = pages_total_.load(std::memory_order_relaxed)};
  }
  /// The running step is interrupted or ends soon, and throws `errc::cancelled`.
  void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
  /// Whether the bound of the WAL was reached.
  bool hurried() const noexcept { return hurried_; }

  /// Of a complete job.
  const backup_file& result() const noexcept { return result_; }
  backup_file take_result() noexcept { return std::move(result_); }
  const manifest& about() const noexcept { return about_; }

private:
  enum class phase : std::uint8_t { copy, count, sync, verify, publish, done, failed };
  struct end_backup {
    void operator()(sqlite3_backup* b) const noexcept;
  };
  // Something that this job made, and removes again unless it completes.
  struct made_file {
    std::string name;
    os::pinned_file fd;
  };

  backup_job(backup_settings settings, os::directory folder);

  void open_source();
  void choose_name();
  int make(const std::string& name);
  void begin_copy();
  void copy();
  void count();
  void check_source() const;
  void refuse_cut_source() const;
  void look_at_wal();
  void refuse_long_wal() const;
  std::uint64_t wal_bytes() const;
  void verify();
  void begin_hash();
  stream_result hash(const continue_check& may_go_on) const;
  void publish();
  void remove_unpacked();
  void rename(const std::string& from, const std::string& to);
  std::string undo() noexcept;
  bool may_go_on();
  void ask();
  void check_cancelled() const;
  void at(std::string_view point) const;

  backup_settings settings_;
  os::directory folder_;
  os::pinned_file lock_;
  continue_check go_on_;
  phase phase_ = phase::copy;
  bool hurried_ = false;
  bool wal_too_long_ = false;
  std::uint64_t wal_at_start_ = 0;
  std::atomic<bool> cancelled_{false};
  std::atomic<std::uint64_t> pages_done_{0};
  std::atomic<std::uint64_t> pages_total_{0};
  std::chrono::steady_clock::time_point begun_;
  // Within long steps.
  throttle pace_;
  std::chrono::steady_clock::time_point asked_; // when `progress_` was, last
  const progress_callback* progress_ = nullptr;
  // What `progress_` threw: kept, because SQLite may be between it and `run`.
  std::exception_ptr thrown_;
  std::string name_;
  // The database as copied, and what takes the name; the same unless compressed.
  int raw_fd_ = -1;
  int final_fd_ = -1;
  std::vector<made_file> made_;
  // In this order, so that they end in the reverse one.
  sqlite::database_handle source_;
  sqlite::database_handle copy_;
  std::unique_ptr<sqlite3_backup, end_backup> backup_;
  row_counts rows_;
  manifest about_;
  backup_file result_;
  // Reads the files above, so it ends before they do.
  std::atomic<bool> given_up_{false};
  std::future<stream_result> hashed_;
};

} // namespace dbengine::backup
