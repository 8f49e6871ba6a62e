// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Ctrl-C and SIGTERM as a stop token.
#pragma once

#include <atomic>
#include <functional>
#include <stop_token>
#include <thread>

namespace dbengine::app {

/// Made first thing in `main`, before any other thread: it blocks SIGINT and SIGTERM for all threads and lets one of its
/// own wait for them. The first one asks for a stop, the second one ends the program at once (SQLite recovers).
/// SIGPIPE is ignored, so that a closed pipe is a write error.
class interrupt {
public:
  interrupt();
  ~interrupt();
  interrupt(const interrupt&) = delete;
  interrupt& operator=(const interrupt&) = delete;

  std::stop_token token() const noexcept { return stop_.get_token(); }

private:
  void watch(int signals);

  std::stop_source stop_;
  int wake_ = -1;
  std::thread watcher_;
};

} // namespace dbengine::app
