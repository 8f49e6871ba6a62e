// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/admission.hpp"

#include "base/fault.hpp"

#include <algorithm>
#include <string>

namespace dbengine::engine {

void admission::add_to_share(std::uint64_t peer, std::size_t bytes) {
  const base::scoped_lock lock(mutex_);
  auto& own = shares_[peer];
  ++own.requests;
  own.bytes += bytes;
}

void admission::remove_from_share(std::uint64_t peer, std::size_t bytes) noexcept {
  const base::scoped_lock lock(mutex_);
  const auto own = shares_.find(peer);
  own->second.bytes -= bytes;
  if (--own->second.requests == 0)
    shares_.erase(own);
}

void admission::refuse(const std::string& why) {
  refused_.fetch_add(1, std::memory_order_relaxed);
  throw error(errc::overloaded, why + " (bounds: " + std::to_string(bounds_.max_requests) +
                                    " requests, " + std::to_string(bounds_.max_bytes) + " bytes)");
}

void admission::check_bounds(const request& r) {
  const auto bytes = r.held_bytes;
  const auto waiting = requests() - 1;
  const auto held = this->bytes() - bytes;
  // A request larger than the bound is admitted when it is the only one: it could never run
  // otherwise.
  if (waiting >= bounds_.max_requests || (held + bytes > bounds_.max_bytes && waiting != 0))
    refuse(std::to_string(waiting) + " requests with " + std::to_string(held) +
           " bytes are waiting");
  if (r.peer == 0 || DBENGINE_MUTANT("has no shares"))
    return;
  const base::scoped_lock lock(mutex_);
  const auto own = shares_[r.peer]; // this request included
  if (own.requests > 1 && (own.requests > bounds_.max_requests - waiting ||
                           own.bytes > bounds_.max_bytes - std::min(held, bounds_.max_bytes)))
    refuse("this peer has used its share of the queue: " + std::to_string(own.requests - 1) +
           " requests with " + std::to_string(own.bytes - bytes) + " bytes");
}

std::size_t admission::peers() const {
  const base::scoped_lock lock(mutex_);
  return shares_.size();
}

std::size_t admission::requests_of(std::uint64_t peer) const {
  const base::scoped_lock lock(mutex_);
  const auto own = shares_.find(peer);
  return own == shares_.end() ? 0 : own->second.requests;
}

} // namespace dbengine::engine
