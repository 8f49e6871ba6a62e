// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Threads that create pages, so that a slow page delays no other connection.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace dbengine::app::serve::http {

/// A thread pool with a bounded queue.
/// Thread safety: any thread.
class page_makers {
public:
  /// `waiting`: the maximum number of queued tasks.
  page_makers(std::size_t threads, std::size_t waiting);
  /// Waits for running tasks; queued tasks are dropped.
  ~page_makers();
  page_makers(const page_makers&) = delete;
  page_makers& operator=(const page_makers&) = delete;

  /// Returns false if the queue is full. `task` must not throw.
  bool start(std::function<void()> task);

private:
  void work(const std::stop_token& stop);

  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable_any filled_;
  std::deque<std::function<void()>> tasks_; // guarded by mutex_
  std::vector<std::jthread> threads_;       // last member: the threads end before the others are
                                            // destroyed
};

} // namespace dbengine::app::serve::http
