// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "engine/read/reader_slot.hpp"
#include "engine/request_queue.hpp"
#include "engine/worker_signals.hpp"

#include <atomic>
#include <cstddef>
#include <vector>

namespace dbengine::engine {

/// The messages that wake the readers, of which at most one is pending for each.
///
/// A reader is awake from the moment at which its message is sent until it has found no work. It
/// falls asleep before it looks at its queue for the last time, and a sender pushes before it looks
/// for a reader that is asleep: one of the two sees the other.
/// Thread safety: any thread. A reader's own state is changed by its actor.
class reader_wake_ups {
public:
  /// Both references must outlive the object.
  reader_wake_ups(const reader_slots& slots, const worker_signals& signals)
      : slots_(&slots), signals_(&signals), awake_(slots.size()) {}

  /// Wakes the reader unless it is awake or has no actor. If no memory is left for the message, the
  /// next caller tries again.
  void wake(std::size_t i) noexcept;
  /// Wakes one active reader. False if all are awake.
  bool wake_any() noexcept;

  // -- for the reader -----------------------------------------------------------------------------

  /// The reader looks for work, with or without a message.
  void set_awake(std::size_t i) noexcept { awake_[i].value.store(true, std::memory_order_seq_cst); }
  /// The reader looks for work no more.
  void set_asleep(std::size_t i) noexcept {
    awake_[i].value.store(false, std::memory_order_seq_cst);
  }
  /// Falls asleep. False if `queue` has work after that, which no other thread has sent a message
  /// for: the reader is awake still.
  bool fall_asleep(std::size_t i, const request_queue& queue) noexcept {
    set_asleep(i);
    return !queue.has_work() || !claim(i);
  }

  /// Between its message and its next sleep.
  bool is_awake(std::size_t i) const noexcept {
    return awake_[i].value.load(std::memory_order_seq_cst);
  }

private:
  // On a line of its own: senders look at all of them, and each reader stores its own.
  struct alignas(64) flag {
    std::atomic<bool> value{false};
  };

  /// True if the reader was asleep: the caller sends the message.
  bool claim(std::size_t i) noexcept {
    return !awake_[i].value.exchange(true, std::memory_order_seq_cst);
  }
  void send(std::size_t i) noexcept;

  const reader_slots* slots_;
  const worker_signals* signals_;
  std::vector<flag> awake_;
};

} // namespace dbengine::engine
