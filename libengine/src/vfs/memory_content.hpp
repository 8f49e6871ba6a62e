// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The content of one file of the memory VFS.

#pragma once

#include "base/thread_annotations.hpp"
#include "vfs/counted_block.hpp"
#include "vfs/memory_order_point.hpp"

#include <atomic>
#include <cstdint>
#include <vector>

namespace dbengine::vfs {

/// The bytes of a file, in chunks that never move.
///
/// A read that starts after a write has returned sees that write. Reads, and writes into existing
/// chunks, hold the mutex shared, so that they run in parallel. A write that needs new chunks (one
/// page in sixteen of a growing file), a write to the head and `truncate` hold it exclusively.
///
/// Thread safety: any thread, with one restriction. Outside the head two threads must not write the
/// same bytes, or read bytes that another one is writing, at the same time; SQLite's file locks and
/// WAL locks guarantee that. The head is what SQLite reads without a lock when a connection opens.
/// Errors: SQLite result codes; nothing is thrown.
class memory_content {
public:
  /// 64 KiB: sixteen pages of the default size, yet small enough for a database of one table.
  static constexpr std::uint64_t chunk_size = 64 * 1024;

  /// Size of an SQLite database header in bytes.
  static constexpr std::uint64_t head_size = 100;

  /// Reads `out[0, size)` from `offset`. Bytes beyond the end of the file are zeroed, and the
  /// result is SQLITE_IOERR_SHORT_READ.
  int read(void* out, std::uint64_t size, std::uint64_t offset) const noexcept;

  /// Writes `in[0, size)` at `offset` and grows the file if needed; a gap reads as zeros.
  /// SQLITE_FULL if there is no memory; nothing is written then.
  int write(const void* in, std::uint64_t size, std::uint64_t offset) noexcept;

  /// Sets the file's size in bytes: frees whole chunks beyond it, or grows the file by zeros that
  /// take no memory.
  int truncate(std::uint64_t size) noexcept;

  /// The size in bytes.
  std::uint64_t size() const noexcept { return size_.load(std::memory_order_acquire); }

private:
  bool has_chunks(std::uint64_t size, std::uint64_t offset) const noexcept
      DBENGINE_REQUIRES_SHARED(mutex_);
  bool make_chunks(std::uint64_t size, std::uint64_t offset) noexcept DBENGINE_REQUIRES(mutex_);
  void copy_in(const void* in, std::uint64_t size, std::uint64_t offset) noexcept
      DBENGINE_REQUIRES_SHARED(mutex_);

  mutable base::shared_mutex mutex_;
  std::vector<counted_block> chunks_ DBENGINE_GUARDED_BY(mutex_); // an empty block reads as zeros
  std::atomic<std::uint64_t> size_ = 0;
  memory_order_point order_;
};

} // namespace dbengine::vfs
