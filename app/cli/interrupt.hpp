// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Ctrl-C, SIGTERM and SIGHUP as a stop token, or as calls of whoever wants them.
#pragma once

#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace dbengine::app {

/// Made first thing in `main`, before any other thread: it blocks SIGINT, SIGTERM and SIGHUP for all threads and lets one
/// of its own wait for them. The first one asks for a stop, the second one ends the program at once (SQLite recovers).
/// SIGPIPE and SIGXFSZ are ignored, so that a closed pipe and a limit on the sizes of files are write errors.
class interrupt {
public:
  interrupt();
  ~interrupt();
  interrupt(const interrupt&) = delete;
  interrupt& operator=(const interrupt&) = delete;

  std::stop_token token() const noexcept { return stop_.get_token(); }

  /// From now on each signal goes to `taker` first, on the thread of the signals; what it returns false for is treated
  /// as ever. An empty one ends this, and waits for a call that is under way.
  void divert(std::function<bool(int signal)> taker);

private:
  void watch(int signals);

  std::stop_source stop_;
  std::mutex mutex_;
  std::function<bool(int)> taker_;
  int wake_ = -1;
  bool ignore_hangup_ = false;    // started by nohup
  bool ignore_interrupt_ = false; // started in the background by a shell without jobs
  std::thread watcher_;
};

} // namespace dbengine::app
