// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/retry_on_bad_alloc.hpp"
#include "engine/call_admission.hpp"

#include <atomic>
#include <functional>

namespace dbengine::engine {

/// A delayed message to a worker, of which at most one is pending.
///
/// The worker that receives the message keeps the timer armed during its scan. If it finds nothing,
/// it calls `disarm` and scans once more: work that arrived during the first scan found the timer
/// armed and did not arm it.
/// Thread safety: any thread.
/// Cost: one relaxed load while it is armed.
class one_shot_timer {
public:
  /// `send` and `calls` must outlive the timer.
  one_shot_timer(const std::function<void()>& send, const call_admission& calls)
      : send_(&send), calls_(&calls) {}

  /// Sends the message unless one is pending. If there is no memory for it, the next caller
  /// retries.
  void arm() noexcept {
    // The load comes first: the flag is nearly always set, and a store takes its cache line from
    // every other core. The fence orders the caller's work before the load, for the second scan
    // after `disarm`.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!armed_.load(std::memory_order_relaxed) &&
        !armed_.exchange(true, std::memory_order_seq_cst) && calls_->accepting() && *send_ &&
        !base::try_with_retries(*send_))
      armed_.store(false, std::memory_order_seq_cst);
  }
  /// The same without the fence: for the read path, whose next sweep would find the work as well.
  void arm_if_idle() noexcept {
    if (!armed_.load(std::memory_order_relaxed))
      arm();
  }
  /// Sets the flag for a chain of messages that starts without one.
  void set_armed() noexcept { armed_.store(true, std::memory_order_seq_cst); }
  void disarm() noexcept { armed_.store(false, std::memory_order_seq_cst); }
  /// Called after `disarm`. Returns true if the caller must send the next message, false if another
  /// thread has sent one.
  bool rearm() noexcept { return !armed_.exchange(true, std::memory_order_seq_cst); }
  bool is_armed() const noexcept { return armed_.load(std::memory_order_seq_cst); }

private:
  const std::function<void()>* send_;
  const call_admission* calls_;
  alignas(64) std::atomic<bool> armed_{false};
};

} // namespace dbengine::engine
