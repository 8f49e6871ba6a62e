// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "counters.hpp"

#include <dbengine/defaults.hpp>

#include <algorithm>

namespace dbengine::detail {

void slow_log::offer(std::string_view sql, std::chrono::nanoseconds elapsed) noexcept {
  if (elapsed.count() <= bar_.load(std::memory_order_relaxed))
    return;
  try {
    constexpr std::size_t longest_text = 1000;
    const std::lock_guard lock(mutex_);
    const auto text = sql.substr(0, longest_text);
    const auto same =
        std::find_if(kept_.begin(), kept_.end(), [&](const auto& s) { return s.sql == text; });
    if (same != kept_.end())
      same->elapsed = std::max(same->elapsed, elapsed);
    else
      kept_.push_back({std::string(text), elapsed});
    std::sort(kept_.begin(), kept_.end(),
              [](const auto& a, const auto& b) { return a.elapsed > b.elapsed; });
    if (kept_.size() > defaults::slowest_kept)
      kept_.resize(defaults::slowest_kept);
    if (kept_.size() == defaults::slowest_kept)
      bar_.store(kept_.back().elapsed.count(), std::memory_order_relaxed);
  } catch (...) { // out of memory: a statistic is lost, the statement is not
  }
}

std::vector<slow_statement> slow_log::read() const {
  const std::lock_guard lock(mutex_);
  return kept_;
}

} // namespace dbengine::detail
