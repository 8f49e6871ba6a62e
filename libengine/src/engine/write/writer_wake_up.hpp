// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/retry_on_bad_alloc.hpp"
#include "engine/worker_signals.hpp"

#include <atomic>

namespace dbengine::engine {

/// The message that sends the writer to its queue, of which at most one is pending.
/// Thread safety: any thread.
/// Cost: one atomic exchange while it is pending.
class writer_wake_up {
public:
  /// `signals` must outlive the object.
  explicit writer_wake_up(const worker_signals& signals) : signals_(&signals) {}

  /// Sends the message unless it is pending. If no memory is left for it, the next caller tries
  /// again.
  void send() noexcept {
    if (!sent_.exchange(true, std::memory_order_seq_cst) && signals_->flush_writer &&
        !base::try_with_retries(signals_->flush_writer))
      sent_.store(false, std::memory_order_seq_cst);
  }
  /// The writer has received the message: the next caller sends one again.
  void mark_received() noexcept { sent_.store(false, std::memory_order_seq_cst); }

private:
  const worker_signals* signals_;
  // On a line of its own: every queued write sets it.
  alignas(64) std::atomic<bool> sent_{false};
};

} // namespace dbengine::engine
