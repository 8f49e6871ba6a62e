// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "engine/request_queue.hpp"

#include <dbengine/defaults.hpp>
#include <dbengine/options.hpp>

#include <atomic>
#include <cstddef>

namespace dbengine::engine {

/// Decides how groups of writes form: whether callers queue their writes instead of writing on
/// their own thread (grouped mode), and for how many writes the next group waits.
/// Thread safety: functions of the holder of the writer lock, unless they say otherwise.
/// Cost: `is_on` is one relaxed load.
class write_grouping {
public:
  /// `waiting`: the queue of writes. It must outlive the object.
  write_grouping(const options& o, const request_queue& waiting)
      : waiting_(&waiting), commits_are_expensive_(o.synchronous == synchronous::full) {}

  /// Grouped mode is on. Any thread.
  bool is_on() const noexcept { return groups_left_.load(std::memory_order_relaxed) > 0; }

  /// Waits until as many writes are queued as the last group had, as long as writes arrive.
  void wait_for_group() const noexcept;
  /// A group of queued writes is about to run.
  void begin_group(std::size_t size) noexcept { last_size_ = size; }
  /// The group has run. If it had several writes, grouped mode is on; it ends after
  /// `defaults::grouped_mode_patience` consecutive groups of one write.
  void end_group() noexcept {
    if (last_size_ > 1)
      groups_left_.store(defaults::grouped_mode_patience, std::memory_order_relaxed);
    else if (const auto left = groups_left_.load(std::memory_order_relaxed); left > 0)
      groups_left_.store(left - 1, std::memory_order_relaxed);
  }

private:
  const request_queue* waiting_;
  const bool commits_are_expensive_;
  /// After so many more groups of one write grouped mode ends. Stored by the holder, read by any
  /// thread; a caller that reads the last value takes the other path for one write. The members
  /// share a line: both change only when a group runs.
  alignas(64) std::atomic<int> groups_left_{0};
  std::size_t last_size_ = 0; // the holder's
};

} // namespace dbengine::engine
