// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "vfs/memory_file_lock.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cassert>

namespace dbengine::vfs {

int memory_file_lock::lock(int& held, int wanted) noexcept {
  if (held >= wanted)
    return SQLITE_OK;
  const base::scoped_lock lock(mutex_);
  // Only one handle can be above SHARED, so a top level other than `held` belongs to another
  // handle.
  const bool others_on_top = top_ > SQLITE_LOCK_SHARED && held != top_;
  if (wanted == SQLITE_LOCK_SHARED) {
    if (others_on_top && top_ >= SQLITE_LOCK_PENDING)
      return SQLITE_BUSY;
    ++holders_;
    top_ = std::max(top_, SQLITE_LOCK_SHARED);
    held = SQLITE_LOCK_SHARED;
    return SQLITE_OK;
  }
  assert(held >= SQLITE_LOCK_SHARED);
  if (others_on_top)
    return SQLITE_BUSY;
  if (wanted == SQLITE_LOCK_EXCLUSIVE && holders_ > 1) {
    held = top_ = SQLITE_LOCK_PENDING;
    return SQLITE_BUSY;
  }
  held = top_ = wanted;
  return SQLITE_OK;
}

void memory_file_lock::unlock(int& held, int wanted) noexcept {
  assert(wanted <= SQLITE_LOCK_SHARED);
  if (held <= wanted)
    return;
  const base::scoped_lock lock(mutex_);
  if (held > SQLITE_LOCK_SHARED)
    top_ = SQLITE_LOCK_SHARED;
  if (wanted == SQLITE_LOCK_NONE && --holders_ == 0)
    top_ = SQLITE_LOCK_NONE;
  held = wanted;
}

bool memory_file_lock::reserved() const noexcept {
  const base::scoped_lock lock(mutex_);
  return top_ >= SQLITE_LOCK_RESERVED;
}

} // namespace dbengine::vfs
