// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An event that the test sets: threads wait for it. The SQL function `hold()` waits, so that a
// request is known to run.
// Thread safety: any thread.
// Ownership: outlives the engine whose function it is.

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
  /// `hold()`, which gives 1.
  function as_function() {
    return {.name = "hold",
            .arguments = 0,
            .deterministic = false,
            .call = [this](std::span<const value_ref>) {
              wait();
              return value(1);
            }};
  }

  /// Waits until the event is set: at most a minute.
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

  /// Waits until so many threads have come; false after a minute.
  bool wait_for_arrivals(int n) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] { return arrivals_ >= n; });
  }
  /// Releases all threads that wait, and those that come later.
  void set() {
    const std::lock_guard lock(mutex_);
    set_ = true;
    changed_.notify_all();
  }
  /// Resets it and the count of arrivals.
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
