// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/thread_annotations.hpp"

#include <cstdint>
#include <map>
#include <stop_token>
#include <utility>

namespace dbengine::engine {

/// Stop sources of requests that can be cancelled by a number, each valid for its sender (an
/// actor's id).
/// Thread safety: any thread.
class cancel_registry {
public:
  /// The token of a request that has arrived, valid until `remove`.
  std::stop_token add(std::uint64_t sender, std::uint64_t token) {
    const base::scoped_lock lock(mutex_);
    if (sources_.size() >= max_sources)
      sources_.erase(sources_.begin());
    return sources_[{sender, token}].get_token();
  }
  /// Stops that request. Ignored if there is none.
  void cancel(std::uint64_t sender, std::uint64_t token) {
    const base::scoped_lock lock(mutex_);
    if (const auto it = sources_.find({sender, token}); it != sources_.end())
      it->second.request_stop();
  }
  void remove(std::uint64_t sender, std::uint64_t token) {
    const base::scoped_lock lock(mutex_);
    sources_.erase({sender, token});
  }

private:
  /// Bounded: sources whose request never reached a worker are not removed.
  static constexpr std::size_t max_sources = 1024;

  base::mutex mutex_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::stop_source> sources_
      DBENGINE_GUARDED_BY(mutex_);
};

} // namespace dbengine::engine
