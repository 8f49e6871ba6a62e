// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The bound on the requests in flight on one connection.
// Thread safety: any thread. Ownership: shared by the links that use the connection.

#pragma once

#include "base/thread_annotations.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace dbengine::actors::remote {

/// The size of a frame without its body.
inline constexpr std::size_t frame_overhead = 256;

/// Counts requests and bytes. CAF has one connection for all links of a system to one server, and
/// the server counts by connection.
class wire_window {
public:
  /// Adds one request if that stays within the bounds.
  bool try_add(std::size_t bytes, std::uint64_t max_requests, std::uint64_t max_bytes) {
    // Reserved, so that cancellations and requests for parts of an answer are always sent.
    constexpr std::size_t spare = 16;
    const base::scoped_lock l(mutex_);
    if (requests_ + spare >= std::max<std::uint64_t>(max_requests, spare + 1) ||
        (requests_ != 0 && bytes_ + bytes + frame_overhead > max_bytes))
      return false;
    ++requests_;
    bytes_ += bytes;
    return true;
  }
  void add(std::size_t bytes = 0) {
    const base::scoped_lock l(mutex_);
    ++requests_;
    bytes_ += bytes;
  }
  void remove(std::size_t bytes) {
    const base::scoped_lock l(mutex_);
    --requests_;
    bytes_ -= bytes;
  }

private:
  base::mutex mutex_;
  std::size_t requests_ DBENGINE_GUARDED_BY(mutex_) = 0;
  std::size_t bytes_ DBENGINE_GUARDED_BY(mutex_) = 0;
};

/// The window of the connection that leads to this gateway.
std::shared_ptr<wire_window> window_of(const void* gateway);

} // namespace dbengine::actors::remote
