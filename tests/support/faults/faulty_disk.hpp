// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A file system for SQLite that fails as the test plans: a VFS in front of the system's own.
// Thread safety: any thread; one plan at a time, for all files opened through it.

#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

namespace dbengine::test {

enum class disk_call : std::uint8_t {
  open,
  remove,
  access,
  read,
  write,
  truncate,
  sync,
  size,
  lock,
  shm_map,
  shm_lock
};
inline constexpr std::size_t disk_call_count = 11;
std::string to_string(disk_call c);

struct disk_fault {
  enum class kind : std::uint8_t {
    error,   ///< EIO
    full,    ///< ENOSPC, for writes and for calls that enlarge a file
    partial, ///< half is written, then EIO
    lies,    ///< nothing is done, success is reported
    blocks   ///< the call does not return until `heal`
  };
  disk_call call = disk_call::write;
  /// The number of the call that fails, from 1.
  std::uint64_t nth = 1;
  /// All later calls fail, too.
  bool for_good = false;
  kind what = kind::error;
};

class faulty_disk {
public:
  static constexpr const char* vfs_name = "dbengine-faulty";
  /// Registers the VFS at the first call of this function.
  static faulty_disk& instance();

  /// Counts calls from here on.
  void plan(const disk_fault& f);
  void heal();
  /// Whether the plan has struck since it was made.
  bool struck() const;
  /// Calls since `plan`.
  std::uint64_t calls(disk_call c) const;

  /// Called by the VFS at each call: whether the call fails now. Blocks if the plan says so.
  bool fails(disk_call c, disk_fault::kind& how);

private:
  faulty_disk();
  mutable std::mutex mutex_;
  std::condition_variable healed_;
  std::array<std::uint64_t, disk_call_count> counts_{};
  disk_fault fault_;
  bool planned_ = false;
  bool struck_ = false;
};

} // namespace dbengine::test
