// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/thread_annotations.hpp"
#include "engine/alert_log.hpp"
#include "engine/database_file.hpp"

#include <atomic>
#include <cstdint>
#include <string>

namespace dbengine::engine {

/// The result of the last sample of the database's disk.
struct disk_sample {
  bool file_present = true;
  std::uint64_t free_bytes = 0;
  /// The size of the file system; 0 if it is unknown, or the database is in memory.
  std::uint64_t capacity = 0;
  std::uint64_t wal_bytes = 0;
};

/// The text of health and log if the disk has no space for a write.
std::string disk_full_text(std::uint64_t free_bytes);

/// Samples the disk of the database and remembers writes that found it full.
/// Thread safety: any thread.
class disk_monitor {
public:
  explicit disk_monitor(const database_file& file) : file_(&file) {}

  /// Takes a sample and stores it. This waits for the disk: never call it on a scheduler's thread.
  void take_sample();
  disk_sample last_sample() const;

  /// Records the failure of a write. Only `errc::disk_full` is remembered.
  void record_failure(const error_info& why) noexcept;
  /// Records a committed write: there is space again.
  void record_commit() noexcept {
    if (write_found_no_room_.load(std::memory_order_relaxed))
      write_found_no_room_.store(false, std::memory_order_relaxed);
  }
  /// Whether a recent write found no space, no write was committed since, and the last sample shows
  /// no more space than then.
  bool is_full() const noexcept;

  /// Conditions of the engine that are logged when they begin and end.
  alert_log& alerts() noexcept { return alerts_; }

private:
  const database_file* file_;
  mutable base::mutex mutex_;
  disk_sample sample_ DBENGINE_GUARDED_BY(mutex_);
  // The last write that found no space: the free bytes and the time, in nanoseconds of the clock.
  std::atomic<bool> write_found_no_room_{false};
  std::atomic<std::uint64_t> free_bytes_then_{0};
  std::atomic<std::int64_t> failed_at_{0};
  alert_log alerts_;
};

} // namespace dbengine::engine
