// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Threads that work together and fail together.
#pragma once

#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace dbengine::app {

/// A group of threads. The first exception of any thread is kept, and `on_failure` is called once,
/// on the failing thread, so that it can stop the others. The destructor joins.
class thread_group {
public:
  explicit thread_group(std::function<void()> on_failure) : on_failure_(std::move(on_failure)) {}

  template <class F>
  void start(F&& f) {
    threads_.emplace_back([this, work = std::forward<F>(f)]() mutable {
      try {
        work();
      } catch (...) {
        fail(std::current_exception());
      }
    });
  }

  /// Waits for all threads started so far.
  void join() {
    for (auto& t : threads_)
      if (t.joinable())
        t.join();
  }

  void fail(std::exception_ptr e) {
    {
      const std::lock_guard lock(mutex_);
      if (failure_)
        return;
      failure_ = std::move(e);
    }
    on_failure_();
  }

  /// Rethrows the first exception, if any. Call it after `join`.
  void rethrow() const {
    if (failure_)
      std::rethrow_exception(failure_);
  }

private:
  std::function<void()> on_failure_;
  std::mutex mutex_;
  std::exception_ptr failure_;
  std::vector<std::jthread> threads_;
};

} // namespace dbengine::app
