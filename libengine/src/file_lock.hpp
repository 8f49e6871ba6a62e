// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One read-write engine per database file, among all processes.
// Ownership: the lock lasts as long as the object; a process that dies lets go of it.

#pragma once

#include <filesystem>

namespace dbengine::detail {

/// `flock` on `<file>.lock` beside the database, close-on-exec, with the holder's process id inside.
class file_lock {
public:
  file_lock() = default;
  /// Throws `errc::locked` with the holder's process id, or `errc::cannot_open`.
  explicit file_lock(const std::filesystem::path& database);
  ~file_lock();
  file_lock(file_lock&& other) noexcept;
  file_lock& operator=(file_lock&& other) noexcept;

  void release() noexcept;

private:
  std::filesystem::path path_;
  int fd_ = -1;
  int owner_ = 0; // the process that took it
};

} // namespace dbengine::detail
