// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Threads that make pages, so that a slow page stops no other connection.
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

/// Thread rule: any thread.
class page_makers {
public:
  /// `waiting`: how many tasks may wait for a thread.
  page_makers(std::size_t threads, std::size_t waiting);
  /// Waits for the tasks under way; those that wait are given up.
  ~page_makers();
  page_makers(const page_makers&) = delete;
  page_makers& operator=(const page_makers&) = delete;

  /// False where too many wait. `task` must not throw.
  bool start(std::function<void()> task);

private:
  void work(const std::stop_token& stop);

  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable_any filled_;
  std::deque<std::function<void()>> tasks_; // guarded by mutex_
  std::vector<std::jthread> threads_;       // last: they end before the rest
};

} // namespace dbengine::app::serve::http
