// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A histogram of durations with log-linear buckets.
// Thread safety: one writer at a time, any number of readers. Relaxed atomics, no lock, no
// read-modify-write.

#pragma once

#include "base/counter.hpp"

#include <dbengine/stats.hpp>

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>

namespace dbengine::base {

/// 16 buckets per power of two, from 1 ns to 2^40 ns (18 minutes). Every percentile is exact to 6
/// %.
class histogram {
public:
  static constexpr std::size_t sub = 16;
  static constexpr std::size_t buckets = 37 * sub;

  void record(std::chrono::nanoseconds d) noexcept {
    const auto ns = d.count() < 0 ? 0 : static_cast<std::uint64_t>(d.count());
    counts_[index(ns)].add();
    max_.raise_to(ns);
  }

  /// Plain sums, to merge the histograms of several workers.
  struct sums {
    std::array<std::uint64_t, buckets> counts{};
    std::uint64_t max = 0;
    latency read() const noexcept;
  };
  void add_to(sums& s) const noexcept {
    for (std::size_t i = 0; i < buckets; ++i)
      s.counts[i] += counts_[i].get();
    s.max = s.max < max_.get() ? max_.get() : s.max;
  }

  static constexpr std::size_t index(std::uint64_t ns) noexcept {
    if (ns < sub)
      return static_cast<std::size_t>(ns);
    const auto power = static_cast<std::size_t>(std::bit_width(ns)) - 5; // ns >> power is 16 to 31
    const auto i = (power + 1) * sub + static_cast<std::size_t>((ns >> power) - sub);
    return i < buckets ? i : buckets - 1;
  }
  /// The largest duration of a bucket, in nanoseconds.
  static constexpr std::uint64_t upper(std::size_t i) noexcept {
    if (i < sub)
      return i;
    const auto power = i / sub - 1;
    return ((i % sub + sub + 1) << power) - 1;
  }

private:
  std::array<counter, buckets> counts_;
  counter max_;
};

} // namespace dbengine::base
