// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/read/cursor_table.hpp"

#include "base/fault.hpp"
#include "base/retry_on_bad_alloc.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace dbengine::engine {

namespace {

// For this many cursors that were closed for pinning the WAL, the error of the next request gives
// that reason.
constexpr std::size_t max_pinned_kept = 256;

std::uint64_t random_u64() {
  std::random_device r;
  return (std::uint64_t{r()} << 32) | r();
}

} // namespace

cursor_table::cursor_table(std::chrono::milliseconds idle, std::function<void()> look_after,
                           std::function<void()> closed)
    : idle_(idle), look_after_(std::move(look_after)), on_closed_(std::move(closed)),
      last_(random_u64()) {}

void cursor_table::check_share(std::uint64_t peer) const {
  if (const auto n = entries_.size(); n >= defaults::max_cursors)
    throw error(errc::overloaded, std::to_string(n) + " cursors are open");
  if (peer == 0 || DBENGINE_MUTANT("has no shares"))
    return;
  std::size_t own = 0;
  std::size_t others = 0;
  for (const auto& [number, e] : entries_)
    if (e.peer == peer)
      ++own;
    else if (e.peer != 0)
      ++others;
  const auto left = defaults::max_peer_cursors - std::min(others, defaults::max_peer_cursors);
  if (own >= left || (own != 0 && own >= left / 2))
    throw error(errc::overloaded, "this peer has " + std::to_string(own) +
                                      " cursors open and the other peers " +
                                      std::to_string(others) +
                                      ": a peer may have half of those that the others leave");
}

void cursor_table::make_room(std::uint64_t peer) {
  const auto open_and_closed = [this] {
    const base::scoped_lock lock(mutex_);
    return entries_.size() + closed_.size();
  };
  if (open_and_closed() >= defaults::max_cursors)
    drop_closed(); // here: a client that closed a cursor may open another at once
  const base::scoped_lock lock(mutex_);
  check_share(peer);
}

std::uint64_t cursor_table::open(std::unique_ptr<sqlite::connection> c, std::string_view sql,
                                 const params& p, std::uint64_t owner, sqlite::request_control& ctl,
                                 std::uint64_t peer) {
  make_room(peer);
  entry e{.owner = owner,
          .peer = peer,
          .cursor = std::make_shared<open_cursor>(std::move(c), sql, p, ctl)};
  std::uint64_t number = 0;
  bool arm = false;
  {
    const base::scoped_lock lock(mutex_);
    if (ended_) // this worker was abandoned
      throw error(errc::shut_down, "the engine is shut down");
    check_share(peer); // other cursors were opened in parallel
    number = ++last_;
    entries_.emplace(number, std::move(e));
    arm = !std::exchange(looked_after_, true);
  }
  if (arm && look_after_)
    look_after_();
  return number;
}

std::shared_ptr<open_cursor> cursor_table::find(std::uint64_t number, std::uint64_t owner) {
  const base::scoped_lock lock(mutex_);
  const auto it = entries_.find(number);
  if (it == entries_.end() && pinned_.count(number) != 0)
    throw error(errc::invalid_state,
                "cursor " + std::to_string(number) +
                    " was closed: its snapshot kept the write-ahead log from restarting");
  if (it == entries_.end() || it->second.owner != owner)
    throw error(errc::invalid_state, "cursor " + std::to_string(number) + " is not open");
  it->second.used = sqlite::clock::now();
  return it->second.cursor;
}

void cursor_table::begin_step(std::uint64_t number, sqlite::request_control& ctl) {
  const base::scoped_lock lock(mutex_);
  const auto it = entries_.find(number);
  if (it == entries_.end())
    throw error(errc::cancelled,
                "cursor " + std::to_string(number) + " was closed during the request");
  it->second.stepped_by = &ctl;
  it->second.used = sqlite::clock::now();
}

void cursor_table::end_step(std::uint64_t number, bool last) noexcept {
  const base::scoped_lock lock(mutex_);
  const auto it = entries_.find(number);
  if (it == entries_.end())
    return; // closed meanwhile
  it->second.stepped_by = nullptr;
  it->second.used = sqlite::clock::now(); // a long step is not idle time
  if (last)
    entries_.erase(it); // its connection ends with the caller's pointer
}

rows cursor_table::next(std::uint64_t number, std::uint64_t owner, std::size_t batch,
                        sqlite::request_control& ctl) {
  const auto c = find(number, owner);
  // Not waited for: a client that sends requests without awaiting the answers would make one reader
  // after the other wait here.
  if (!c->stepping.try_lock())
    throw error(errc::busy, "cursor " + std::to_string(number) +
                                " is still answering its last request: retry after that answer");
  const base::scoped_lock step(c->stepping, std::adopt_lock);
  try {
    begin_step(number, ctl);
    auto r = c->next(batch, ctl);
    end_step(number, r.empty());
    return r;
  } catch (...) {
    end_step(number, true);
    throw;
  }
}

cursor_table::entries::iterator cursor_table::set_aside(entries::iterator it) noexcept {
  if (auto* stepped_by = std::exchange(it->second.stepped_by, nullptr); stepped_by != nullptr)
    stepped_by->deadline.kill(errc::cancelled);
  const auto next = std::next(it);
  closed_.insert(entries_.extract(it));
  return next;
}

void cursor_table::notify_closed() noexcept {
  {
    const base::scoped_lock lock(mutex_);
    if (closed_.empty() || std::exchange(notified_, true))
      return;
  }
  if (on_closed_ && !base::try_with_retries(on_closed_)) {
    // If there is no memory for a message, the next close sends it.
    const base::scoped_lock lock(mutex_);
    notified_ = false;
  }
}

void cursor_table::close(std::uint64_t number, std::uint64_t owner) noexcept {
  {
    const base::scoped_lock lock(mutex_);
    if (const auto it = entries_.find(number); it != entries_.end() && it->second.owner == owner)
      set_aside(it);
  }
  notify_closed();
}

bool cursor_table::wal_pinned(std::uint64_t bytes) noexcept {
  bool any = false;
  {
    const base::scoped_lock lock(mutex_);
    for (auto it = entries_.begin(); it != entries_.end();) {
      auto& e = it->second;
      if (e.peer != 0 && bytes >= e.wal_bytes.value_or(bytes) + defaults::cursor_wal_bytes) {
        any = true;
        // If there is no memory, the next request gets the error of an unknown number.
        base::try_with_retries([&]() DBENGINE_NO_THREAD_SAFETY_ANALYSIS {
          if (pinned_.size() >= max_pinned_kept)
            pinned_.erase(pinned_.begin());
          pinned_.insert(it->first);
        });
        it = set_aside(it);
        continue;
      }
      if (!e.wal_bytes)
        e.wal_bytes = bytes;
      ++it;
    }
  }
  notify_closed();
  return any;
}

bool cursor_table::watch(std::uint64_t owner) {
  const base::scoped_lock lock(mutex_);
  return watched_.insert(owner).second;
}

void cursor_table::close_owned(std::uint64_t owner) noexcept {
  {
    const base::scoped_lock lock(mutex_);
    watched_.erase(owner);
    for (auto it = entries_.begin(); it != entries_.end();)
      it = it->second.owner == owner ? set_aside(it) : std::next(it);
  }
  notify_closed();
}

void cursor_table::drop_closed() noexcept {
  entries dropped; // destroyed after the lock is released
  const base::scoped_lock lock(mutex_);
  dropped.swap(closed_);
  notified_ = false;
}

std::optional<std::chrono::milliseconds> cursor_table::expire() noexcept {
  const auto now = sqlite::clock::now();
  auto next = sqlite::clock::time_point::max();
  bool left = false;
  {
    const base::scoped_lock lock(mutex_);
    for (auto it = entries_.begin(); it != entries_.end();) {
      const auto& e = it->second;
      const auto due =
          (e.cursor.use_count() == 1 ? e.used : now) + idle_; // a request steps it: not idle
      if (due <= now) {
        it = set_aside(it);
      } else {
        next = std::min(next, due);
        ++it;
      }
    }
    looked_after_ = left = !entries_.empty();
  }
  drop_closed();
  if (!left)
    return std::nullopt;
  return std::chrono::ceil<std::chrono::milliseconds>(next - now);
}

void cursor_table::close_all() noexcept {
  {
    const base::scoped_lock lock(mutex_);
    ended_ = true;
    for (auto it = entries_.begin(); it != entries_.end();)
      it = set_aside(it);
  }
  drop_closed();
}

std::size_t cursor_table::size() const noexcept {
  const base::scoped_lock lock(mutex_);
  return entries_.size();
}

} // namespace dbengine::engine
