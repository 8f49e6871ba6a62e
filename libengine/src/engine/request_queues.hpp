// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "engine/request_queue.hpp"

#include <array>

namespace dbengine::engine {

/// The three queues of an engine, which share one admission.
/// Thread safety: any thread.
class request_queues {
public:
  explicit request_queues(const options& o)
      : admission_({.max_requests = o.max_queue, .max_bytes = o.max_queue_bytes}),
        writes(admission_),
        // One peer may occupy all readers. The watchdog adds a spare reader while others wait.
        reads(admission_, static_cast<std::size_t>(o.num_workers)), maintenance(admission_) {}

private:
  admission admission_;

public:
  request_queue writes;
  request_queue reads;
  /// The queue of checks of the whole file, for the maintenance reader.
  request_queue maintenance;

  const admission& waiting() const noexcept { return admission_; }
  std::array<request_queue*, 3> all() noexcept { return {&writes, &reads, &maintenance}; }
  bool empty() const noexcept { return writes.empty() && reads.empty() && maintenance.empty(); }
};

/// Answers every request in the queue, and every later one until `request_queue::open`, with this
/// error.
inline void close_queue(request_queue& queue, const error_info& why) {
  for (const auto& r : queue.close(why))
    r->fail(why);
}

} // namespace dbengine::engine
