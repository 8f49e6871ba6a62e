// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The requests that a `cancel_request` can stop.
// Thread safety: any thread. Ownership: keeps no request alive.

#pragma once

#include "base/thread_annotations.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

namespace dbengine::actors::system {

/// By sender and token. Entries of requests that have ended are removed when the registry is full.
template <class Request>
class cancel_registry {
public:
  /// A token that is used again stands for the later request.
  void add(std::uint64_t owner, std::uint64_t token, const std::shared_ptr<Request>& r) {
    constexpr std::size_t sweep_at = 1024;
    const base::scoped_lock lock(mutex_);
    if (requests_.size() >= sweep_at)
      std::erase_if(requests_, [](const auto& e) { return e.second.expired(); });
    requests_[{owner, token}] = r;
  }

  /// Null if there is no such request, or it has ended.
  std::shared_ptr<Request> remove(std::uint64_t owner, std::uint64_t token) {
    const base::scoped_lock lock(mutex_);
    const auto it = requests_.find({owner, token});
    if (it == requests_.end())
      return nullptr;
    auto found = it->second.lock();
    requests_.erase(it);
    return found;
  }

private:
  base::mutex mutex_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::weak_ptr<Request>> requests_
      DBENGINE_GUARDED_BY(mutex_);
};

} // namespace dbengine::actors::system
