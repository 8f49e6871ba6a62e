// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What signals mean in a shell: Ctrl-C stops the statement, not the shell.
#pragma once

#include <atomic>
#include <mutex>
#include <stop_token>

namespace dbengine::app {
class interrupt;
}

namespace dbengine::app::shell {

/// Takes the program's signals while it lives. SIGINT stops what runs, and wakes who waits for input; SIGTERM and SIGHUP
/// do so too and ask for the end.
class session_signals {
public:
  explicit session_signals(interrupt& from);
  ~session_signals();
  session_signals(const session_signals&) = delete;
  session_signals& operator=(const session_signals&) = delete;

  /// Forgets the signals so far: a person's last statement was stopped, the next one is not.
  void begin();
  /// For what runs until the next `begin`.
  std::stop_token token();
  /// Readable after a signal, until `begin`.
  int descriptor() const noexcept { return wake_; }
  /// The shell is to end.
  bool ended() const noexcept { return ended_.load(); }

private:
  bool take(int signal);

  interrupt& from_;
  int wake_;
  std::mutex mutex_;
  std::stop_source current_;
  std::atomic<bool> ended_{false};
};

} // namespace dbengine::app::shell
