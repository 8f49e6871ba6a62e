// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/thread_annotations.hpp"

#include <dbengine/stats.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace dbengine::engine {

/// The slowest statements.
/// Thread safety: any thread.
/// Cost: a statement faster than the fastest one kept, or than the same text before, takes no lock.
class slow_log {
public:
  void offer(std::string_view sql, std::chrono::nanoseconds elapsed) noexcept;
  std::vector<slow_statement> read() const;

private:
  // Recently offered texts by hash: the upper half of the hash, and the maximum in microseconds.
  // Two texts may share one place and alternate: that costs the lock, never an entry. The words
  // are atomics, because they decide whether an offer needs the lock at all.
  static constexpr std::size_t places = 64;
  std::array<std::atomic<std::uint64_t>, places> lately_{};
  std::atomic<std::int64_t> bar_{0}; // faster statements are not kept; stored with the mutex held
  mutable base::mutex mutex_;
  std::vector<slow_statement> kept_ DBENGINE_GUARDED_BY(mutex_);
};

} // namespace dbengine::engine
