// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/thread_annotations.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace dbengine::base {

/// The requests that can be cancelled, by owner (an actor's id) and number. `Entry` refers to a
/// request: a weak pointer to it, or its stop source.
/// Thread safety: any thread.
/// Ownership: its entries. It is bounded: when it is full, entries that have expired are removed,
/// then the one that is first in order. The request of a removed entry can no longer be cancelled.
template <class Entry>
class cancel_registry {
public:
  /// A token that is used again identifies the later request.
  void add(std::uint64_t owner, std::uint64_t token, Entry e) {
    const scoped_lock lock(mutex_);
    make_room();
    entries_.insert_or_assign({owner, token}, std::move(e));
  }
  /// The entry of a request that may have been added already, and cancelled since.
  Entry find_or_add(std::uint64_t owner, std::uint64_t token) {
    const scoped_lock lock(mutex_);
    if (const auto it = entries_.find({owner, token}); it != entries_.end())
      return it->second;
    make_room();
    return entries_[{owner, token}];
  }

  std::optional<Entry> find(std::uint64_t owner, std::uint64_t token) {
    const scoped_lock lock(mutex_);
    const auto it = entries_.find({owner, token});
    return it == entries_.end() ? std::nullopt : std::optional(it->second);
  }
  /// The same, and removes it.
  std::optional<Entry> remove(std::uint64_t owner, std::uint64_t token) {
    const scoped_lock lock(mutex_);
    auto node = entries_.extract({owner, token});
    return node.empty() ? std::nullopt : std::optional(std::move(node.mapped()));
  }

private:
  static constexpr std::size_t max_entries = 1024;

  void make_room() DBENGINE_REQUIRES(mutex_) {
    if (entries_.size() < max_entries)
      return;
    if constexpr (requires(const Entry& e) { e.expired(); })
      std::erase_if(entries_, [](const auto& e) { return e.second.expired(); });
    if (entries_.size() >= max_entries)
      entries_.erase(entries_.begin());
  }

  mutex mutex_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Entry> entries_ DBENGINE_GUARDED_BY(mutex_);
};

} // namespace dbengine::base
