// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The queue in front of workers: bounded, in classes, and outliving any worker.
// Thread rule: every member may be called from any thread. Ownership: shares the requests.
//
// Why not the workers' mailboxes? A mailbox is unbounded, has no classes, gives nothing back to a sender that leaves at its
// deadline, and dies with its actor. Here a request survives its worker, so that the next one can run it.

#pragma once

#include "request.hpp"

#include <array>
#include <atomic>
#include <deque>
#include <mutex>
#include <vector>

namespace dbengine::detail {

/// Requests and bytes that may wait, over all queues of an engine.
struct admission {
  std::size_t max_requests = 0;
  std::size_t max_bytes = 0;
  std::atomic<std::size_t> requests{0};
  std::atomic<std::size_t> bytes{0};
  std::atomic<std::uint64_t> refused{0};
};

class request_queue {
public:
  explicit request_queue(admission& a) : admission_(&a) {}

  /// Throws `errc::overloaded` where a bound is reached, `errc::shut_down` or what `close` was given after that.
  void push(request_ptr r);
  /// Back to the front, in their order: what a failed worker left. Past the bounds, too: it was admitted before.
  void push_front(const std::vector<request_ptr>& rs);

  /// The next requests for one transaction: at most so many and so many bytes, of one class. A `lend` or a `task` comes
  /// alone. Interactive goes before batch before maintenance; every 16th time one of the others does.
  std::vector<request_ptr> pop_group(std::size_t max_requests, std::size_t max_bytes);
  request_ptr pop();

  /// Takes out what has passed its deadline or was cancelled.
  std::vector<request_ptr> expire(clock::time_point now);
  /// Takes everything out and refuses what comes later with this error.
  std::vector<request_ptr> close(error_info why);
  /// Takes new requests again.
  void open();

  std::size_t size() const noexcept { return size_.load(std::memory_order_seq_cst); }
  bool empty() const noexcept { return size() == 0; }
  /// For who looks often, from wherever.
  const std::atomic<std::size_t>& waiting() const noexcept { return size_; }

private:
  void forget(const request_ptr& r) noexcept;
  std::deque<request_ptr>* next_class();

  admission* admission_;
  mutable std::mutex mutex_;
  std::array<std::deque<request_ptr>, 3> classes_;
  std::atomic<std::size_t> size_{0};
  std::optional<error_info> closed_;
  unsigned turn_ = 0;
};

} // namespace dbengine::detail
