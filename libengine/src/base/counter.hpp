// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A counter for statistics.
// Thread safety: one writer at a time, any number of readers.

#pragma once

#include <atomic>
#include <cstdint>

namespace dbengine::base {

/// A counter that one thread at a time increments by a load and a store, so that counting costs a
/// nanosecond instead of a locked instruction. A reader may see a value that is slightly out of
/// date.
class counter {
public:
  void add(std::uint64_t n = 1) noexcept {
    n_.store(n_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void raise_to(std::uint64_t n) noexcept {
    if (n > n_.load(std::memory_order_relaxed))
      n_.store(n, std::memory_order_relaxed);
  }
  std::uint64_t get() const noexcept { return n_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> n_{0};
};

} // namespace dbengine::base
