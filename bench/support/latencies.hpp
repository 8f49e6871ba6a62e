// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A histogram of latencies with buckets that are 1/32 apart: percentiles are exact to 3 %.
// Thread safety: one per thread, merged afterwards.

#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace dbengine::bench {

class latencies {
public:
  void add(std::chrono::nanoseconds d) noexcept {
    const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(d.count(), 0));
    ++buckets_[index(ns)];
    ++count_;
    max_ = std::max(max_, ns);
  }

  void merge(const latencies& other) noexcept {
    for (std::size_t i = 0; i < buckets_.size(); ++i)
      buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
  }

  /// The duration that a share `q` (0 to 1) of all operations did not exceed; 0 if there are none.
  std::chrono::nanoseconds quantile(double q) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(q * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (buckets_[i] != 0 && seen >= std::max<std::uint64_t>(wanted, 1))
        return std::chrono::nanoseconds(std::min(upper(i), max_));
    }
    return std::chrono::nanoseconds(max_);
  }

  std::uint64_t count() const noexcept { return count_; }
  std::chrono::nanoseconds max() const noexcept { return std::chrono::nanoseconds(max_); }

private:
  static constexpr unsigned fine_bits = 5;
  static constexpr std::uint64_t fine = 1U << fine_bits;

  // Below 32 ns one bucket each; above, 32 buckets for each doubling.
  static constexpr std::size_t index(std::uint64_t ns) noexcept {
    if (ns < fine)
      return ns;
    const auto shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - fine_bits;
    return static_cast<std::size_t>((shift + 1) * fine + ((ns >> shift) - fine));
  }
  static constexpr std::uint64_t upper(std::size_t i) noexcept {
    if (i < fine)
      return i;
    const auto shift = i / fine - 1;
    return ((fine + i % fine + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (64 - fine_bits + 1) * fine> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

} // namespace dbengine::bench
