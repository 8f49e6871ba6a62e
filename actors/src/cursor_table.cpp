// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cursor_table.hpp"

#include <dbengine/defaults.hpp>

#include <vector>

namespace dbengine::detail {

std::uint64_t cursor_table::open(std::unique_ptr<connection> c, std::string_view sql,
                                 const params& p, std::uint64_t owner, control& ctl) {
  if (size() >= defaults::max_cursors)
    throw error(errc::overloaded, std::to_string(size()) + " cursors are open");
  auto e = std::make_shared<entry>();
  e->owner = owner;
  e->conn = std::move(c);
  std::vector<value_ref> refs(p.values().begin(), p.values().end());
  const params_view view = p.named() ? params_view{&p, {}} : params_view{nullptr, refs};
  e->cursor = std::make_unique<connection::cursor>(*e->conn, sql, view, ctl);
  const std::lock_guard lock(mutex_);
  entries_.emplace(++last_, std::move(e));
  return last_;
}

std::shared_ptr<cursor_table::entry> cursor_table::find(std::uint64_t number, std::uint64_t owner) {
  const std::lock_guard lock(mutex_);
  const auto it = entries_.find(number);
  if (it == entries_.end() || it->second->owner != owner)
    throw error(errc::invalid_state, "cursor " + std::to_string(number) + " is not open");
  it->second->used = clock::now();
  return it->second;
}

rows cursor_table::next(std::uint64_t number, std::uint64_t owner, std::size_t batch,
                        control& ctl) {
  const auto e = find(number, owner);
  const std::lock_guard lock(e->stepping);
  try {
    auto r = e->cursor->next(batch, ctl);
    if (r.empty())
      close(number, owner);
    return r;
  } catch (...) {
    close(number, owner);
    throw;
  }
}

void cursor_table::close(std::uint64_t number, std::uint64_t owner) noexcept {
  std::shared_ptr<entry> gone;
  const std::lock_guard lock(mutex_);
  if (const auto it = entries_.find(number); it != entries_.end() && it->second->owner == owner) {
    gone = std::move(it->second);
    entries_.erase(it);
  }
}

void cursor_table::close_owned(std::uint64_t owner) noexcept {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [owner](const auto& e) { return e.second->owner == owner; });
}

bool cursor_table::expire() noexcept {
  const auto oldest = clock::now() - defaults::cursor_idle;
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [oldest](const auto& e) {
    return e.second->used < oldest && e.second.use_count() == 1;
  });
  return !entries_.empty();
}

void cursor_table::close_all() noexcept {
  const std::lock_guard lock(mutex_);
  entries_.clear();
}

std::size_t cursor_table::size() const noexcept {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

} // namespace dbengine::detail
