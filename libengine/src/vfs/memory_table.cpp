// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "vfs/memory_table.hpp"

namespace dbengine::vfs {

memory_table& memory_table::instance() {
  static auto* table = new memory_table;
  return *table;
}

std::shared_ptr<memory_file> memory_table::open(std::string_view name, bool database, bool create,
                                                bool exclusive) {
  const base::scoped_lock lock(mutex_);
  auto found = entries_.find(name);
  if (found == entries_.end()) {
    if (!create)
      return nullptr;
    auto file = std::make_shared<memory_file>();
    found = entries_.try_emplace(std::string(name)).first;
    found->second.file = std::move(file);
  } else if (exclusive) {
    return nullptr;
  }
  ++found->second.handles;
  found->second.database |= database;
  return found->second.file;
}

void memory_table::close(const std::string& name,
                         const std::shared_ptr<memory_file>& file) noexcept {
  map_type::node_type dropped; // freed after the mutex is released
  const base::scoped_lock lock(mutex_);
  const auto found = entries_.find(name);
  // The name may have been deleted and reused for another file.
  if (found == entries_.end() || found->second.file != file || --found->second.handles > 0)
    return;
  if (!found->second.database && has_owner(name))
    return;
  if (found->second.database)
    remove_satellites(name);
  dropped = entries_.extract(found);
}

bool memory_table::remove(std::string_view name) noexcept {
  map_type::node_type dropped;
  const base::scoped_lock lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end())
    return false;
  found->second.file->unlinked.store(true, std::memory_order_relaxed);
  if (found->second.database)
    remove_satellites(name);
  dropped = entries_.extract(found);
  return true;
}

std::uint64_t memory_table::size(std::string_view name) const noexcept {
  const base::scoped_lock lock(mutex_);
  const auto found = entries_.find(name);
  return found == entries_.end() ? 0 : found->second.file->content.size();
}

bool memory_table::has_owner(std::string_view name) const noexcept {
  for (auto dash = name.find('-'); dash != std::string_view::npos;
       dash = name.find('-', dash + 1)) {
    const auto owner = entries_.find(name.substr(0, dash));
    if (owner != entries_.end() && owner->second.database)
      return true;
  }
  return false;
}

void memory_table::remove_satellites(std::string_view owner) noexcept {
  // All names that begin with the owner's are consecutive; "/m-7-wal" and "/m-70" both do. A
  // satellite that is still open has no owner from now on and is removed with its own last handle.
  for (auto i = entries_.upper_bound(owner); i != entries_.end() && i->first.starts_with(owner);) {
    const bool satellite =
        i->first[owner.size()] == '-' && !i->second.database && i->second.handles == 0;
    i = satellite ? entries_.erase(i) : std::next(i);
  }
}

} // namespace dbengine::vfs
