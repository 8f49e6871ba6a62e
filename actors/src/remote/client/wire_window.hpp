// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How much may be under way on one connection.
// Thread rule: any thread. Ownership: shared by the links that use the connection.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

namespace dbengine::actors::remote {

/// What is under way on one connection. CAF has one for all links of a system to one server, and the server counts by connection.
class wire_window {
public:
  bool take(std::size_t bytes, std::uint64_t max_requests, std::uint64_t max_bytes) {
    // Kept free, so that cancelling and fetching the rest of an answer always get through.
    constexpr std::size_t spare = 16;
    // Of a frame: all but the body.
    constexpr std::size_t overhead = 256;
    const std::lock_guard l(mutex_);
    if (requests_ + spare >= std::max<std::uint64_t>(max_requests, spare + 1) ||
        (requests_ != 0 && bytes_ + bytes + overhead > max_bytes))
      return false;
    ++requests_;
    bytes_ += bytes;
    return true;
  }
  void add(std::size_t bytes = 0) {
    const std::lock_guard l(mutex_);
    ++requests_;
    bytes_ += bytes;
  }
  void give(std::size_t bytes) {
    const std::lock_guard l(mutex_);
    --requests_;
    bytes_ -= bytes;
  }

private:
  std::mutex mutex_;
  std::size_t requests_ = 0;
  std::size_t bytes_ = 0;
};

/// The one of the connection that leads to this gateway.
std::shared_ptr<wire_window> window_of(const void* gateway);

} // namespace dbengine::actors::remote
