// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One backup, driven step by step.

#pragma once

#include "backup/backup_catalog.hpp"
#include "backup/backup_settings.hpp"
#include "backup/job/copy_hash.hpp"
#include "backup/job/job_progress.hpp"
#include "backup/job/page_copy.hpp"
#include "backup/job/pinned_snapshot.hpp"
#include "backup/job/unfinished_files.hpp"
#include "backup/job/wal_growth.hpp"
#include "backup/throttle.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace dbengine::backup {

/// Copies a live database in these steps, each of which may be interrupted:
/// 1. copy: SQLite's online backup copies the pages of a pinned snapshot to `<name>.partial`;
/// 2. count: the rows of the snapshot are counted, and the snapshot is released;
/// 3. sync: the copy is written to the disk;
/// 4. verify: `integrity_check`, page count and row counts of the copy, while another thread hashes
///    and compresses it;
/// 5. publish: the manifest is written and renamed, then the copy.
///
/// The result is a database in rollback mode without companion files. While the WAL is larger than
/// `max_wal_bytes` the pauses are left out; beyond `wal_limit` the backup fails.
///
/// Thread safety: `progress` and `cancel` from any thread; `start`, the destructor and all other
/// functions from one thread.
/// Ownership: owns its connections, its unfinished files and the lock of the directory.
/// Errors: `error`; the job is over then, and a failed, cancelled or destroyed job has removed the
/// files it made.
class backup_job {
public:
  /// Locks the directory, removes what dead processes left there, and pins the snapshot. Returns
  /// null if another backup, of this or another process, is running in the directory.
  static std::unique_ptr<backup_job> start(backup_settings settings);

  ~backup_job();
  backup_job(const backup_job&) = delete;
  backup_job& operator=(const backup_job&) = delete;

  /// Runs one step; returns false when the backup is complete. A step of the copy is
  /// `pages_per_step` pages; each later stage is one step.
  bool step();
  /// How long to wait before the next step; zero after the copy, or if the WAL is long.
  std::chrono::milliseconds pause() const noexcept;
  /// Runs all steps with their pauses in this thread. `progress` is called after every step and
  /// about 50 times a second within long ones; returning false cancels the backup.
  const backup_file& run(const progress_callback& progress = {});

  backup_progress progress() const noexcept { return progress_.pages(); }
  /// Interrupts the running step, which then throws `errc::cancelled`.
  void cancel() noexcept { progress_.cancel(); }

  /// The results of a complete job.
  const backup_file& result() const noexcept { return result_; }
  backup_file take_result() noexcept { return std::move(result_); }
  const manifest& about() const noexcept { return about_; }

private:
  /// The next step. Set by `step`; done (set by publish) and failed (set by an error) are terminal.
  enum class phase : std::uint8_t { copy, count, sync, verify, publish, done, failed };

  backup_job(backup_settings settings, os::directory folder);

  void open_source();
  void choose_name();
  void choose_name_in_folder();
  void begin_copy();
  void copy();
  void count();
  void verify();
  database_check check_copy();
  void begin_hash();
  void publish();
  void write_manifest(const std::string& name);
  void fill_result();
  std::string undo() noexcept;
  void update_wal_growth() { growth_.update(snapshot_.wal_bytes()); }
  bool may_continue();

  backup_settings settings_;
  os::directory folder_;
  os::pinned_file lock_;
  continue_check check_; // calls `may_continue`
  phase phase_ = phase::copy;
  job_progress progress_;
  wal_growth growth_;
  throttle pace_; // within long steps
  std::string name_;
  unfinished_files files_;
  // The database as copied, and the file that gets the name; equal without compression.
  int raw_fd_ = -1;
  int final_fd_ = -1;
  pinned_snapshot snapshot_;
  page_copy copy_;
  row_counts rows_; // of the snapshot
  manifest about_;
  backup_file result_;
  copy_hash hash_; // reads the files above, so it ends before they do
};

} // namespace dbengine::backup
