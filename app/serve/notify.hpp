// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The service manager's side of a server: systemd's notification protocol, one datagram per message.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace dbengine::app::serve {

/// Speaks to the socket of $NOTIFY_SOCKET, a path or an abstract name; without one every call does nothing. One thread.
class notifier {
public:
  /// Takes its variables out of the environment, so that children do not speak for the server. Throws
  /// `std::system_error` where the socket cannot be used.
  notifier();
  ~notifier();
  notifier(const notifier&) = delete;
  notifier& operator=(const notifier&) = delete;

  void ready(const std::string& status) const { send("READY=1\nSTATUS=" + status); }
  void status(const std::string& text) const { send("STATUS=" + text); }
  void reloading() const;
  /// The manager waits `most` for the end.
  void stopping(std::chrono::milliseconds most) const;
  void alive() const { send("WATCHDOG=1"); }
  /// How often the manager wants to hear `alive`, half of its limit; nothing where it does not.
  std::optional<std::chrono::milliseconds> interval() const noexcept { return interval_; }

private:
  void send(const std::string& message) const;

  int socket_ = -1;
  std::optional<std::chrono::milliseconds> interval_;
};

} // namespace dbengine::app::serve
