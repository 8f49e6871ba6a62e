// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/slow_log.hpp"

#include <dbengine/defaults.hpp>

#include <algorithm>
#include <functional>

namespace dbengine::engine {

void slow_log::offer(std::string_view sql, std::chrono::nanoseconds elapsed) noexcept {
  // A page of a cursor or a checkpoint has no text.
  if (sql.empty() || elapsed.count() <= bar_.load(std::memory_order_relaxed))
    return;
  constexpr std::size_t longest_text = 1000;
  const auto text = sql.substr(0, longest_text);
  const std::uint64_t hash = std::hash<std::string_view>{}(text);
  const auto us =
      static_cast<std::uint64_t>(std::clamp<std::int64_t>(elapsed.count() / 1000, 0, 0xffff'ffff));
  auto& place = lately_[hash % places];
  const auto before = place.load(std::memory_order_relaxed);
  if (before >> 32 == hash >> 32 && us <= (before & 0xffff'ffff))
    return;
  place.store((hash >> 32 << 32) | us, std::memory_order_relaxed);
  try {
    const base::scoped_lock lock(mutex_);
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
  } catch (...) { // out of memory: only this entry is lost
  }
}

std::vector<slow_statement> slow_log::read() const {
  const base::scoped_lock lock(mutex_);
  return kept_;
}

} // namespace dbengine::engine
