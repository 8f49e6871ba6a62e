// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/disk_monitor.hpp"

#include "base/log.hpp"

#include <filesystem>
#include <system_error>

namespace dbengine::engine {

std::string disk_full_text(std::uint64_t free_bytes) {
  return "the disk of the database is full (" + std::to_string(free_bytes) +
         " bytes are free): writes fail, reads go on";
}

void disk_monitor::take_sample() {
  disk_sample now;
  const auto& location = file_->location();
  if (!location.memory) {
    std::error_code failed;
    now.file_present = std::filesystem::is_regular_file(location.path, failed);
    const auto space = std::filesystem::space(location.path.parent_path(), failed);
    now.free_bytes = failed ? 0 : static_cast<std::uint64_t>(space.available);
    now.capacity = failed ? 0 : static_cast<std::uint64_t>(space.capacity);
    now.wal_bytes = file_->wal_bytes();
  }
  const base::scoped_lock lock(mutex_);
  sample_ = now;
}

disk_sample disk_monitor::last_sample() const {
  const base::scoped_lock lock(mutex_);
  return sample_;
}

void disk_monitor::record_failure(const error_info& why) noexcept {
  if (why.code != errc::disk_full || file_->location().memory)
    return;
  try {
    if (!write_found_no_room_.load(std::memory_order_relaxed)) {
      // Runs on the thread that has just written there, and only for the first write that fails.
      std::error_code failed;
      const auto space = std::filesystem::space(file_->location().path.parent_path(), failed);
      const auto room = failed ? 0 : static_cast<std::uint64_t>(space.available);
      free_bytes_then_.store(room, std::memory_order_relaxed);
      if (room < defaults::disk_room_enough)
        alerts_.update("disk", base::log_level::error, disk_full_text(room));
      else
        base::log_limited(
            base::log_level::warning, "a write found no space",
            "a write found no space although " + std::to_string(room) +
                " bytes are free on the disk of the database: a quota, PRAGMA max_page_count, "
                "or the folder for temporary files");
    }
  } catch (...) { // no memory for the log line
  }
  failed_at_.store(sqlite::clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  write_found_no_room_.store(true, std::memory_order_relaxed);
}

bool disk_monitor::is_full() const noexcept {
  if (!write_found_no_room_.load(std::memory_order_relaxed))
    return false;
  const auto then = free_bytes_then_.load(std::memory_order_relaxed);
  const sqlite::clock::time_point failed_at(
      sqlite::clock::duration(failed_at_.load(std::memory_order_relaxed)));
  return then < defaults::disk_room_enough &&
         sqlite::clock::now() - failed_at < defaults::disk_retry &&
         last_sample().free_bytes < then + defaults::disk_room_again;
}

} // namespace dbengine::engine
