// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Memory order for bytes that SQLite's locks protect.

#pragma once

#include <atomic>

namespace dbengine::vfs {

/// Memory order between threads that agree by other means, such as SQLite's WAL index, on which
/// thread may access which bytes.
/// Thread safety: any thread. Cost: a fence; inline, because every read and write of a file has
/// one.
class memory_order_point {
public:
  /// Makes all previous operations of this thread visible to a thread whose `observe` follows.
  void publish() noexcept {
#if defined(__SANITIZE_THREAD__)
    word_.fetch_add(1, std::memory_order_acq_rel);
#else
    std::atomic_thread_fence(std::memory_order_release);
#endif
  }

  /// Makes previously published operations visible.
  void observe() const noexcept {
#if defined(__SANITIZE_THREAD__)
    static_cast<void>(word_.load(std::memory_order_acquire));
#else
    std::atomic_thread_fence(std::memory_order_acquire);
#endif
  }

private:
  std::atomic<unsigned> word_ = 0; // used only under ThreadSanitizer, which does not model fences
};

} // namespace dbengine::vfs
