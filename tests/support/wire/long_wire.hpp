// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A wire between a client and a server on this machine that can be slow, narrow, mute or torn. It
// works in user space and needs no rights.
// Thread safety: any thread.
// Ownership: its connections end with it.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>

namespace dbengine::test {

/// Forwards every connection to a port on the loopback interface.
class long_wire {
public:
  explicit long_wire(std::uint16_t to);
  ~long_wire();
  long_wire(const long_wire&) = delete;
  long_wire& operator=(const long_wire&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  /// The travel time of each byte, in each direction.
  void delay(std::chrono::milliseconds d) noexcept { delay_ = d.count(); }
  /// Bytes a second, in each direction of each connection; 0: no bound.
  void throttle(std::size_t bytes) noexcept { rate_ = bytes; }
  /// While the wire is mute, nothing arrives and neither side is notified. Afterwards everything
  /// arrives, as after the retransmission of packets.
  void mute(bool on) noexcept { mute_ = on; }
  /// While the wire is torn, every connection is reset, including new ones.
  void tear(bool on) noexcept { torn_ = on; }
  /// Connections accepted so far.
  int connections() const noexcept { return accepted_; }

private:
  void run();

  const std::uint16_t to_;
  int listens_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::int64_t> delay_{0};
  std::atomic<std::size_t> rate_{0};
  std::atomic<bool> mute_{false};
  std::atomic<bool> torn_{false};
  std::atomic<bool> stop_{false};
  std::atomic<int> accepted_{0};
  std::thread thread_;
};

} // namespace dbengine::test
