// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The bodies of large requests on their way round CAF's broker: the guard leaves them here, the
// gateway fetches them.
// Thread rule: any thread. Ownership: owns what was not fetched, until the gateway ends.

#pragma once

#include "base/processor_share.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace dbengine::actors::remote {

using text_pieces = std::vector<std::string>;

class large_texts {
public:
  /// `connection`: the number of its actor; `request`: as CAF counts those of that actor.
  void leave(std::uint64_t connection, std::uint64_t request, text_pieces text) {
    const std::lock_guard lock(mutex_);
    if (!ended_)
      left_[connection].insert_or_assign(request, std::move(text));
  }
  /// Empty where nothing was left.
  text_pieces fetch(std::uint64_t connection, std::uint64_t request) {
    const std::lock_guard lock(mutex_);
    const auto of = left_.find(connection);
    if (of == left_.end())
      return {};
    auto found = of->second.extract(request);
    if (of->second.empty())
      left_.erase(of);
    return found ? std::move(found.mapped()) : text_pieces{};
  }
  /// Nobody fetches any more.
  void end() noexcept {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    left_.clear();
  }

private:
  std::mutex mutex_;
  std::map<std::uint64_t, std::map<std::uint64_t, text_pieces>> left_;
  bool ended_ = false;
};

/// One text of all of them. Others' threads run in between.
inline std::string joined(const text_pieces& pieces) {
  std::string all;
  std::size_t size = 0;
  base::processor_share others;
  for (const auto& p : pieces)
    size += p.size();
  all.reserve(size);
  for (const auto& p : pieces) {
    all += p;
    others.yield();
  }
  return all;
}

} // namespace dbengine::actors::remote
