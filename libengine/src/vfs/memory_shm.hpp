// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The shared memory (WAL index) of one database of the memory VFS.

#pragma once

#include "base/thread_annotations.hpp"
#include "vfs/counted_block.hpp"
#include "vfs/memory_order_point.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dbengine::vfs {

/// The WAL index of one database: zeroed regions and eight lock slots, shared by all attached
/// handles. The regions exist from the first `map` to the last `detach`, as the -shm file does.
/// Thread safety: any thread; each holder by one thread at a time. Errors: SQLite result codes;
/// nothing is thrown.
class memory_shm {
public:
  static constexpr int slots = 8;

  /// The locks of one handle.
  struct holder {
    bool attached = false;
    unsigned shared = 0;    // one bit per slot held shared
    unsigned exclusive = 0; // one bit per slot held exclusively
  };

  /// Returns region `index` of `size` bytes in `out`; null if it does not exist and `extend` is
  /// false. Attaches the holder. SQLITE_NOMEM if there is no memory.
  int map(holder& h, int index, int size, bool extend, void volatile*& out) noexcept;

  /// Never waits: SQLITE_BUSY if another holder has the slot. Cost: one atomic operation; a read
  /// transaction does two of these.
  int lock_shared(holder& h, int slot) noexcept;

  /// Locks slots [first, first + n) exclusively, all or none. While a range is being refused, its
  /// slots may appear locked for some nanoseconds. SQLite retries after SQLITE_BUSY on every slot
  /// that it ever locks in a range.
  int lock_exclusive(holder& h, int first, int n) noexcept;

  /// Releases the locks of `h` on slots [first, first + n).
  void unlock(holder& h, int first, int n) noexcept;

  /// Makes all writes to the regions before it visible before any after it.
  void barrier() noexcept;

  /// Releases every lock. The last holder to detach frees the regions.
  void detach(holder& h) noexcept;

private:
  // -1: held exclusively; otherwise the number of shared holders. The slots have a cache line of
  // their own.
  alignas(64) std::array<std::atomic<std::int32_t>, slots> lock_{};
  alignas(64) base::mutex mutex_;
  std::vector<counted_block> regions_ DBENGINE_GUARDED_BY(mutex_);
  int holders_ DBENGINE_GUARDED_BY(mutex_) = 0;
  memory_order_point order_;
};

} // namespace dbengine::vfs
