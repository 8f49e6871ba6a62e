// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The service manager's protocol: systemd notifications, one datagram per message.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace dbengine::app::serve {

/// A sender to the socket of $NOTIFY_SOCKET, which is a path or an abstract name. Without the
/// variable every call does nothing.
/// Thread safety: one thread.
class notifier {
public:
  /// Removes its variables from the environment, so that child processes cannot send for the
  /// server.
  /// Errors: `std::system_error` if the socket cannot be used.
  notifier();
  ~notifier();
  notifier(const notifier&) = delete;
  notifier& operator=(const notifier&) = delete;

  void ready(const std::string& status) const { send("READY=1\nSTATUS=" + status); }
  void status(const std::string& text) const { send("STATUS=" + text); }
  void reloading() const;
  /// The manager waits up to `most` for the process to end.
  void stopping(std::chrono::milliseconds most) const;
  void alive() const { send("WATCHDOG=1"); }
  /// The interval at which `alive` must be sent, half of the manager's limit; empty if the manager
  /// expects nothing.
  std::optional<std::chrono::milliseconds> interval() const noexcept { return interval_; }

private:
  void send(const std::string& message) const;

  int socket_ = -1;
  std::optional<std::chrono::milliseconds> interval_;
};

} // namespace dbengine::app::serve
