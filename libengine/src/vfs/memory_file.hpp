// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What one file of the memory VFS is made of: its content, its file lock, its shared memory.
// All members answer with SQLite result codes and throw nothing. All are safe on any thread.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <vector>

namespace dbengine::vfs {

/// Bytes held by all chunks and shared-memory regions of the process.
std::size_t memory_file_bytes() noexcept;

/// A zeroed block on the heap that is counted in `memory_file_bytes()`.
/// Blocks come from `calloc`, so that the pages of a large one that nobody touched cost nothing.
class counted_block {
public:
  counted_block() = default;
  counted_block(counted_block&& other) noexcept;
  counted_block& operator=(counted_block&& other) noexcept;
  ~counted_block();

  /// A block of `size` bytes, aligned for any scalar; an empty one when memory is out.
  static counted_block make(std::size_t size) noexcept;

  std::byte* data() const noexcept { return data_; }
  explicit operator bool() const noexcept { return data_ != nullptr; }

private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Memory order between threads that agree on what is whose by other means, such as SQLite's WAL index.
class memory_order_point {
public:
  /// Everything this thread did before is seen by a thread whose `observe` comes later.
  void publish() noexcept;

  /// Sees what was published before.
  void observe() const noexcept;

private:
  std::atomic<unsigned> word_ = 0; // used under ThreadSanitizer only, which does not model fences
};

/// The bytes of a file, in chunks that never move.
///
/// A write that returned is seen by every read that starts later. Reads, and writes into chunks that exist, hold the
/// mutex shared, so that they run in parallel; a write that needs new chunks (one page in sixteen of a growing file),
/// a write to the head, and `truncate` hold it alone. Outside the head, two threads must not write the same bytes, or
/// read what another is writing, at the same time: SQLite's file locks and WAL locks see to that. The head is what
/// SQLite reads without any lock, when a connection opens.
class memory_content {
public:
  /// 64 KiB: sixteen pages of the default size, small enough for a database of one table.
  static constexpr std::uint64_t chunk_size = 64 * 1024;

  /// The header of an SQLite database, in bytes.
  static constexpr std::uint64_t head_size = 100;

  /// Fills `out[0, size)` from `offset`; what lies beyond the end is zeroed and gives SQLITE_IOERR_SHORT_READ.
  int read(void* out, std::uint64_t size, std::uint64_t offset) const noexcept;

  /// Writes `in[0, size)` at `offset`, growing the file. A gap reads as zeros. SQLITE_FULL when memory is out; nothing
  /// is written then.
  int write(const void* in, std::uint64_t size, std::uint64_t offset) noexcept;

  /// Makes the file `size` bytes long: frees whole chunks beyond, or grows it by zeros that cost no memory.
  int truncate(std::uint64_t size) noexcept;

  /// The length in bytes.
  std::uint64_t size() const noexcept { return size_.load(std::memory_order_acquire); }

private:
  bool has_chunks(std::uint64_t size, std::uint64_t offset) const noexcept;
  bool make_chunks(std::uint64_t size, std::uint64_t offset) noexcept;
  void copy_in(const void* in, std::uint64_t size, std::uint64_t offset) noexcept;

  mutable std::shared_mutex mutex_;
  std::vector<counted_block> chunks_; // guarded by mutex_; an empty block reads as zeros
  std::atomic<std::uint64_t> size_ = 0;
  memory_order_point order_;
};

/// SQLite's five-state file lock (NONE, SHARED, RESERVED, PENDING, EXCLUSIVE) between the handles of one file.
/// A handle keeps its own level and passes it in. Levels are the SQLITE_LOCK_ constants.
class memory_file_lock {
public:
  /// Raises `held` to `wanted`, or gives SQLITE_BUSY. A refused EXCLUSIVE may leave `held` at PENDING, which keeps new
  /// readers out while the present ones drain; the holder asks again or unlocks.
  int lock(int& held, int wanted) noexcept;

  /// Lowers `held` to `wanted` (SHARED or NONE).
  void unlock(int& held, int wanted) noexcept;

  /// Whether any handle holds RESERVED or more.
  bool reserved() const noexcept;

private:
  mutable std::mutex mutex_;
  int holders_ = 0; // handles at SHARED or above
  int top_ = 0;     // the highest level held; above SHARED by one handle only
};

/// The WAL index of one database: zeroed regions and eight lock slots, shared by all handles that attached.
/// The regions live from the first `attach` to the last `detach`, as the -shm file does.
class memory_shm {
public:
  static constexpr int slots = 8;

  /// What one handle holds.
  struct holder {
    bool attached = false;
    unsigned shared = 0;    // a bit for each slot held shared
    unsigned exclusive = 0; // a bit for each slot held alone
  };

  /// Gives region `index` of `size` bytes in `out`; null where it does not exist and `extend` is false.
  /// Attaches the holder. SQLITE_NOMEM when memory is out.
  int map(holder& h, int index, int size, bool extend, void volatile*& out) noexcept;

  /// SQLITE_BUSY at once where another holder is in the way; never waits.
  /// One atomic operation for one slot: a read transaction does two of these.
  int lock_shared(holder& h, int slot) noexcept;

  /// Takes slots [first, first + n) alone, all or none. While a range is being refused, its slots may look taken to others
  /// for some nanoseconds: SQLite tries again after SQLITE_BUSY on every slot that is ever taken in a range.
  int lock_exclusive(holder& h, int first, int n) noexcept;

  /// Gives back what `h` holds of slots [first, first + n).
  void unlock(holder& h, int first, int n) noexcept;

  /// Makes all writes to the regions before it visible before any after it.
  void barrier() noexcept;

  /// Gives back every lock; the last holder to leave frees the regions.
  void detach(holder& h) noexcept;

private:
  // -1: held alone; otherwise the number of shared holders. The slots have a cache line of their own.
  alignas(64) std::array<std::atomic<std::int32_t>, slots> lock_{};
  alignas(64) std::mutex mutex_;
  std::vector<counted_block> regions_; // guarded by mutex_
  int holders_ = 0;                    // guarded by mutex_
  memory_order_point order_;
};

/// One file.
struct memory_file {
  memory_content content;
  memory_file_lock lock;
  memory_shm shm;
  std::atomic<bool> unlinked = false; // its name was deleted; open handles go on
};

} // namespace dbengine::vfs
