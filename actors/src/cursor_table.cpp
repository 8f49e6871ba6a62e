// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cursor_table.hpp"

#include <algorithm>
#include <random>
#include <vector>

namespace dbengine::detail {

namespace {

std::uint64_t by_chance() {
  std::random_device r;
  return (std::uint64_t{r()} << 32) | r();
}

} // namespace

cursor_table::cursor_table(std::chrono::milliseconds idle, std::function<void()> look_after)
    : idle_(idle), look_after_(std::move(look_after)), last_(by_chance()) {}

std::uint64_t cursor_table::open(std::unique_ptr<connection> c, std::string_view sql,
                                 const params& p, std::uint64_t owner, control& ctl) {
  if (size() >= defaults::max_cursors)
    throw error(errc::overloaded, std::to_string(size()) + " cursors are open");
  auto e = std::make_shared<entry>();
  e->owner = owner;
  e->conn = std::move(c);
  std::vector<value_ref> refs(p.values().begin(), p.values().end());
  const params_view view = p.named() ? params_view{&p, {}} : params_view{nullptr, refs};
  e->conn->begin_snapshot();
  e->cursor = std::make_unique<connection::cursor>(*e->conn, sql, view, ctl);
  std::uint64_t number = 0;
  bool arm = false;
  {
    const std::lock_guard lock(mutex_);
    number = ++last_;
    entries_.emplace(number, std::move(e));
    arm = !std::exchange(looked_after_, true);
  }
  if (arm && look_after_)
    look_after_();
  return number;
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
  // Not waited for: whoever sends the next request before the answer to the last would have reader after reader wait here.
  const std::unique_lock lock(e->stepping, std::try_to_lock);
  if (!lock.owns_lock())
    throw error(errc::busy, "cursor " + std::to_string(number) +
                                " is still at its last request: ask again after its answer");
  const auto stepping = [&](control* c) {
    const std::lock_guard table(mutex_);
    e->stepped_by = c;
    e->used = clock::now(); // a long step is no idle time
    if (c != nullptr && entries_.count(number) == 0)
      throw error(errc::cancelled, "cursor " + std::to_string(number) + " was closed meanwhile");
  };
  try {
    stepping(&ctl);
    auto r = e->cursor->next(batch, ctl);
    stepping(nullptr);
    if (r.empty())
      close(number, owner);
    return r;
  } catch (...) {
    stepping(nullptr);
    close(number, owner);
    throw;
  }
}

void cursor_table::close(std::uint64_t number, std::uint64_t owner) noexcept {
  std::shared_ptr<entry> gone;
  const std::lock_guard lock(mutex_);
  if (const auto it = entries_.find(number); it != entries_.end() && it->second->owner == owner) {
    gone = std::move(it->second);
    gone->stop();
    entries_.erase(it);
  }
}

bool cursor_table::watch(std::uint64_t owner) {
  const std::lock_guard lock(mutex_);
  return watched_.insert(owner).second;
}

void cursor_table::close_owned(std::uint64_t owner) noexcept {
  std::map<std::uint64_t, std::shared_ptr<entry>> gone; // closed when the table is free again
  const std::lock_guard lock(mutex_);
  watched_.erase(owner);
  for (auto it = entries_.begin(); it != entries_.end();)
    if (it->second->owner == owner) {
      it->second->stop();
      gone.insert(entries_.extract(it++));
    } else {
      ++it;
    }
}

std::optional<std::chrono::milliseconds> cursor_table::expire() noexcept {
  std::map<std::uint64_t, std::shared_ptr<entry>> gone;
  const auto now = clock::now();
  const std::lock_guard lock(mutex_);
  auto next = clock::time_point::max();
  for (auto it = entries_.begin(); it != entries_.end();) {
    const auto& e = it->second;
    const auto due = (e.use_count() == 1 ? e->used : now) + idle_; // somebody steps it: not idle
    if (due <= now) {
      gone.insert(entries_.extract(it++));
    } else {
      next = std::min(next, due);
      ++it;
    }
  }
  looked_after_ = !entries_.empty();
  if (!looked_after_)
    return std::nullopt;
  return std::chrono::ceil<std::chrono::milliseconds>(next - now);
}

void cursor_table::close_all() noexcept {
  std::map<std::uint64_t, std::shared_ptr<entry>> gone;
  const std::lock_guard lock(mutex_);
  gone.swap(entries_);
  for (const auto& [number, e] : gone)
    e->stop();
}

std::size_t cursor_table::size() const noexcept {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

} // namespace dbengine::detail
