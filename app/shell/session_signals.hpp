// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Signals in a shell: Ctrl-C stops the statement, not the shell.
#pragma once

#include <atomic>
#include <mutex>
#include <stop_token>

namespace dbengine::app {
class interrupt;
}

namespace dbengine::app::shell {

/// A handler of the program's signals during its lifetime. SIGINT stops the running statement and
/// wakes a wait for input. SIGTERM and SIGHUP do the same and request the shell's end.
class session_signals {
public:
  explicit session_signals(interrupt& from);
  ~session_signals();
  session_signals(const session_signals&) = delete;
  session_signals& operator=(const session_signals&) = delete;

  /// Discards earlier signals: a stop of the previous statement does not affect the next one.
  void begin();
  /// The stop token for everything until the next `begin`.
  std::stop_token token();
  /// Readable after a signal, until `begin`.
  int descriptor() const noexcept { return wake_; }
  /// Whether the shell must end.
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
