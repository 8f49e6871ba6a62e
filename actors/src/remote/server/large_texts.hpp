// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The bodies of large requests, which go past CAF's broker: the guard adds them, the gateway takes
// them.
// Thread safety: any thread. Ownership: owns bodies that were not taken, until the gateway ends.

#pragma once

#include "base/processor_share.hpp"
#include "base/thread_annotations.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dbengine::actors::remote {

using text_pieces = std::vector<std::string>;

class large_texts {
public:
  /// `connection`: the number of its actor; `request`: the number that CAF gave the request of that
  /// actor.
  void add(std::uint64_t connection, std::uint64_t request, text_pieces text) {
    const base::scoped_lock lock(mutex_);
    if (!ended_)
      texts_[connection].insert_or_assign(request, std::move(text));
  }
  /// Empty if there is no body.
  text_pieces take(std::uint64_t connection, std::uint64_t request) {
    const base::scoped_lock lock(mutex_);
    const auto of = texts_.find(connection);
    if (of == texts_.end())
      return {};
    auto found = of->second.extract(request);
    if (of->second.empty())
      texts_.erase(of);
    return found ? std::move(found.mapped()) : text_pieces{};
  }
  /// Drops all bodies, and those added from now on.
  void end() noexcept {
    const base::scoped_lock lock(mutex_);
    ended_ = true;
    texts_.clear();
  }

private:
  base::mutex mutex_;
  std::map<std::uint64_t, std::map<std::uint64_t, text_pieces>> texts_ DBENGINE_GUARDED_BY(mutex_);
  bool ended_ DBENGINE_GUARDED_BY(mutex_) = false;
};

/// Returns all pieces as one text. Yields the processor to other threads in between.
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
