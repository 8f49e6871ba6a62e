// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "backup/backup_job.hpp"
#include "base/thread_annotations.hpp"

#include <dbengine/backup.hpp>

#include <chrono>
#include <condition_variable>
#include <optional>
#include <thread>

namespace dbengine::engine {

/// The one backup that an engine may make at a time.
/// Thread safety: any thread. The job itself belongs to the thread that runs it.
class running_backup {
public:
  /// Reserves the backup for a scope. However the scope ends, the next backup can begin and the
  /// shutdown can continue.
  class reservation {
  public:
    /// Converts to false if another thread has the reservation. Throws `errc::shut_down` after
    /// `refuse`.
    explicit reservation(running_backup& b);
    ~reservation();
    reservation(const reservation&) = delete;
    reservation& operator=(const reservation&) = delete;
    explicit operator bool() const noexcept { return mine_; }

  private:
    running_backup* backup_;
    bool mine_ = false;
  };

  /// Runs a job on this thread; requires a reservation. Empty if another process makes a backup in
  /// the same folder. Throws `error`.
  std::optional<backup_file> run(backup::backup_settings s, const progress_callback& progress);

  bool is_reserved() const;
  /// True after `refuse`.
  bool is_closed() const;
  std::optional<backup_progress> progress() const;

  /// Refuses further reservations.
  void refuse();
  /// Cancels the job and waits for the end of the reservation. Returns false if it has not ended by
  /// then, because a disk or a progress callback blocks. If called from that callback, it does not
  /// wait: the backup ends when the callback returns.
  bool cancel_and_wait(std::chrono::steady_clock::time_point last_moment);

private:
  void set_job(backup::backup_job* job);

  mutable base::mutex mutex_;
  std::condition_variable_any free_;
  bool reserved_ DBENGINE_GUARDED_BY(mutex_) = false;
  std::thread::id thread_ DBENGINE_GUARDED_BY(mutex_); // of the reservation
  bool closed_ DBENGINE_GUARDED_BY(mutex_) = false;
  backup::backup_job* job_ DBENGINE_GUARDED_BY(mutex_) = nullptr;
};

} // namespace dbengine::engine
