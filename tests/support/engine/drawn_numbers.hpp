// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "support/engine/reference_check.hpp"

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <vector>

namespace dbengine::test {

/// The numbers that each request drew while it ran. A request that is repeated under its id has the
/// numbers of all its tries.
/// Thread safety: `add` from any thread; `last_within` after all requests have ended.
class drawn_numbers {
public:
  explicit drawn_numbers(std::size_t requests) : of_(requests) {}

  void add(std::size_t request, long number) {
    const std::lock_guard lock(mutex_);
    of_.at(request).push_back(number);
  }
  long last_within(const logged_request& e) const {
    long last = 0;
    for (const long n : of_.at(static_cast<std::size_t>(e.request.id)))
      if (e.request.key.empty() || (n > e.called && n < e.answered))
        last = std::max(last, n);
    return last;
  }

private:
  std::mutex mutex_;
  std::vector<std::vector<long>> of_;
};

} // namespace dbengine::test
