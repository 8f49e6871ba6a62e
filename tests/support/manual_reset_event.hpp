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
              pass();
              return value(1);
            }};
  }

  /// Waits until the event is set: at most a minute.
  void pass() {
    std::unique_lock lock(mutex_);
    ++came_;
    open_ = open_ || (opens_at_ != 0 && came_ >= opens_at_);
    changed_.notify_all();
    changed_.wait_for(lock, std::chrono::minutes(1), [&] { return open_; });
  }
  int came() {
    const std::lock_guard lock(mutex_);
    return came_;
  }

  /// Waits until so many have come; false after a minute.
  bool wait_for(int n) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] { return came_ >= n; });
  }
  /// Lets everybody through, now and later.
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  /// Resets it and the count of arrivals.
  void close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
    came_ = 0;
    opens_at_ = 0;
  }
  /// It opens when so many have come.
  void open_at(int n) {
    const std::lock_guard lock(mutex_);
    opens_at_ = n;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int came_ = 0;
  int opens_at_ = 0;
  bool open_ = false;
};

} // namespace dbengine::test
