// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Delivers Ctrl-C, SIGTERM and SIGHUP as a stop token or to a handler.
#pragma once

#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace dbengine::app {

/// A signal handler on its own thread.
/// Create it first in `main`, before any other thread: it blocks SIGINT, SIGTERM and SIGHUP for all
/// threads, and its thread waits for them. The first signal requests a stop; the second one ends
/// the program at once (SQLite recovers). SIGPIPE and SIGXFSZ are ignored, so that a closed pipe
/// and a limit on file sizes become write errors.
class interrupt {
public:
  interrupt();
  ~interrupt();
  interrupt(const interrupt&) = delete;
  interrupt& operator=(const interrupt&) = delete;

  std::stop_token token() const noexcept { return stop_.get_token(); }

  /// Passes each following signal to `taker` first, on the signal thread. A signal for which it
  /// returns false is handled as before. An empty function ends this, and waits for a running call.
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
