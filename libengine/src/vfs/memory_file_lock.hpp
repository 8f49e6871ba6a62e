// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The file lock of one file of the memory VFS.

#pragma once

#include "base/thread_annotations.hpp"

namespace dbengine::vfs {

/// SQLite's five-state file lock (NONE, SHARED, RESERVED, PENDING, EXCLUSIVE) among the handles of
/// one file. A handle keeps its own level, a SQLITE_LOCK_ constant, and passes it in.
/// Thread safety: any thread; each handle by one thread at a time. Errors: SQLite result codes.
class memory_file_lock {
public:
  /// Raises `held` to `wanted`, or returns SQLITE_BUSY. A refused EXCLUSIVE may leave `held` at
  /// PENDING, which excludes new readers while the present ones finish; the holder retries or
  /// unlocks.
  int lock(int& held, int wanted) noexcept;

  /// Lowers `held` to `wanted` (SHARED or NONE).
  void unlock(int& held, int wanted) noexcept;

  /// True if a handle holds RESERVED or more.
  bool reserved() const noexcept;

private:
  mutable base::mutex mutex_;
  int holders_ DBENGINE_GUARDED_BY(mutex_) = 0; // handles at SHARED or above
  int top_ DBENGINE_GUARDED_BY(mutex_) =
      0; // the highest level held; above SHARED by one handle only
};

} // namespace dbengine::vfs
