// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "base/histogram.hpp"

#include <algorithm>

namespace dbengine::base {

latency histogram::sums::read() const noexcept {
  latency l;
  for (const auto n : counts)
    l.count += n;
  if (l.count == 0)
    return l;
  const auto at = [this, &l](double share) {
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(l.count) * share);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      seen += counts[i];
      if (seen > wanted)
        return std::chrono::nanoseconds(std::min(upper(i), max));
    }
    return std::chrono::nanoseconds(max);
  };
  l.p50 = at(0.5);
  l.p90 = at(0.9);
  l.p99 = at(0.99);
  l.p999 = at(0.999);
  l.max = std::chrono::nanoseconds(max);
  return l;
}

} // namespace dbengine::base
