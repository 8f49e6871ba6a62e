// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An event that threads wait for until the test sets it. The SQL function `hold()` waits for the
// event and proves that its request is running.
// Thread safety: any thread.
// Ownership: outlives the engine that has the function.

#pragma once

#include "support/eventually.hpp"

#include <dbengine/options.hpp>
#include <dbengine/value.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <span>

namespace dbengine::test {

class manual_reset_event {
public:
  /// The function `hold()`, which returns 1.
  function as_function() {
    return {.name = "hold",
            .arguments = 0,
            .deterministic = false,
            .call = [this](std::span<const value_ref>) {
              wait();
              return value(1);
            }};
  }

  /// Waits until the event is set, a minute at most.
  void wait() {
    std::unique_lock lock(mutex_);
    ++arrivals_;
    set_ = set_ || (set_at_ != 0 && arrivals_ >= set_at_);
    changed_.notify_all();
    changed_.wait_for(lock, std::chrono::minutes(1), [&] { return set_; });
  }
  int arrivals() {
    const std::lock_guard lock(mutex_);
    return arrivals_;
  }

  /// Waits until `n` threads have arrived; false after a minute.
  bool wait_for_arrivals(int n) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] { return arrivals_ >= n; });
  }
  /// Releases all threads that wait, and those that arrive later.
  void set() {
    const std::lock_guard lock(mutex_);
    set_ = true;
    changed_.notify_all();
  }
  /// Resets the event and the count of arrivals.
  void reset() {
    const std::lock_guard lock(mutex_);
    set_ = false;
    arrivals_ = 0;
    set_at_ = 0;
  }
  /// The n-th arrival sets the event.
  void set_at(int n) {
    const std::lock_guard lock(mutex_);
    set_at_ = n;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrivals_ = 0;
  int set_at_ = 0;
  bool set_ = false;
};

} // namespace dbengine::test
