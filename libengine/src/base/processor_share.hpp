// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Yielding of the processor during long work for one peer. A thread that is woken waits until the
// running thread has used its time slice, 1.4 ms or more; a point read over the wire has four such
// wake-ups.
// Thread safety: one object per working thread.

#pragma once

#include <chrono>
#include <thread>

namespace dbengine::base {

/// Yields the processor, unless a competing thread keeps it for whole slices.
class processor_share {
public:
  /// Lets other threads run. Call this often, about every 20 us.
  void yield() noexcept {
    using clock = std::chrono::steady_clock;
    const auto before = clock::now();
    if (before < not_before_)
      return;
    std::this_thread::yield();
    const auto duration = clock::now() - before;
    // A yield that took a whole slice means that the other thread is as busy as this one. From
    // Linux 6.18 on a yield forfeits this thread's own next slice, and a thread that always yields
    // would get no time beside such a thread. So this one then keeps the next `slices_kept` slices.
    if (duration > time_slice)
      not_before_ = before + (slices_kept + 1) * duration;
  }

private:
  static constexpr std::chrono::microseconds time_slice{700};
  static constexpr int slices_kept = 8;
  std::chrono::steady_clock::time_point not_before_{};
};

} // namespace dbengine::base
