// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Makes a worker fail, or block, at a named fault point, a given number of times. If the build has
// no fault points, there is no `fault_script`, and a test that needs one is skipped by
// DBENGINE_SKIP.
// Thread safety: created and destroyed by the test's thread while no engine runs requests; any
// thread may hit the points.

#pragma once

#include "base/fault.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

namespace dbengine::test {

/// Simulates a bug in a worker: not one of the engine's errors.
struct worker_failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

#ifdef DBENGINE_FAULTS
class fault_script {
public:
  using action = std::function<void()>;

  /// Runs `act` at the first `times` hits of `point`.
  fault_script(std::string point, int times, action act)
      : point_(std::move(point)), left_(times), act_(std::move(act)) {
    base::fault::set_hook([this](std::string_view name) { hit(name); });
  }
  ~fault_script() { base::fault::set_hook({}); }
  fault_script(const fault_script&) = delete;
  fault_script& operator=(const fault_script&) = delete;

  int hits() const noexcept { return hits_.load(); }

private:
  void hit(std::string_view name) {
    if (name != point_ || left_.fetch_sub(1) <= 0)
      return;
    hits_.fetch_add(1);
    act_();
  }

  const std::string point_;
  std::atomic<int> left_;
  std::atomic<int> hits_{0};
  action act_;
};
#endif

inline void fail_worker() {
  throw worker_failure("on purpose");
}

/// A latch: each thread that calls `wait` blocks until the latch is opened.
class blocking_point {
public:
  blocking_point() = default;
  blocking_point(const blocking_point&) = delete;
  blocking_point& operator=(const blocking_point&) = delete;
  /// Opens the latch and waits until all threads have left: an abandoned worker may still wait in
  /// it.
  ~blocking_point() {
    std::unique_lock lock(mutex_);
    open_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return inside_ == 0; });
  }
  void wait() {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    --inside_;
    changed_.notify_all();
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  /// Waits until a thread waits at the latch; false if none arrives in a minute, which on any
  /// machine means never.
  bool await_one() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1),
                             [this] { return inside_ > 0 || open_; });
  }
  /// The same for a thread that may be refused earlier, for example by a deadline that passes
  /// before the latch.
  template <class F>
  bool await_one_unless(F&& turned_away) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    for (;;) {
      // Evaluated before the check of the latch: a thread that has arrived at the latch may be
      // refused there.
      const bool away = turned_away() || std::chrono::steady_clock::now() > give_up;
      {
        std::unique_lock lock(mutex_);
        if (changed_.wait_for(lock, std::chrono::milliseconds(1), [this] { return inside_ > 0; }))
          return true;
      }
      if (away)
        return false;
    }
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  bool open_ = false;
};

} // namespace dbengine::test
