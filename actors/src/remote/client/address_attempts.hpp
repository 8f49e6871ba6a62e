// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// TCP connections to the addresses of one name, side by side (RFC 8305).
// Thread safety: none; blocks in `finish` only. Ownership: owns the sockets of the attempts until
// one is connected.

#pragma once

#include "remote/client/endpoint.hpp"

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace dbengine::actors::remote {

/// Connects to several addresses, each a moment after the previous one, or at once if that failed.
/// The first that accepts is used.
class address_attempts {
public:
  using clock = std::chrono::steady_clock;

  /// The families of the addresses take turns.
  explicit address_attempts(std::vector<socket_address> to);
  ~address_attempts();
  address_attempts(const address_attempts&) = delete;
  address_attempts& operator=(const address_attempts&) = delete;

  /// Begins the attempts that are due. If all have failed, returns the reason.
  std::string begin_due(clock::time_point now);
  /// Returns a connected socket, which the caller owns, or -1 if there is none by then.
  int finish(clock::time_point until);

private:
  void begin(const socket_address& a);
  void fail(int fd, int number);

  std::vector<socket_address> to_;
  std::size_t next_ = 0;
  std::vector<pollfd> open_;
  clock::time_point due_{};
  std::string why_;
};

} // namespace dbengine::actors::remote
