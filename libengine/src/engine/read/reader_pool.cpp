// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/read/reader_pool.hpp"

namespace dbengine::engine {

namespace {

std::atomic<std::uint64_t> next_id{1};

// The last lease of this thread, and its pool.
thread_local struct {
  std::uint64_t pool = 0;
  std::size_t index = 0;
} last;

} // namespace

reader_pool::reader_pool(std::size_t size, opener open)
    : opener_(std::move(open)), id_(next_id.fetch_add(1, std::memory_order_relaxed)) {
  for (std::size_t i = 0; i < size; ++i)
    leases_.push_back(std::make_unique<lease>());
}

lease* reader_pool::try_take(lease& l, std::uint32_t from) noexcept {
  auto expected = from;
  return l.word.compare_exchange_strong(expected, lease::busy, std::memory_order_acquire,
                                        std::memory_order_relaxed)
             ? &l
             : nullptr;
}

void reader_pool::open(lease& l) {
  try {
    auto c = opener_(); // without the mutex: it waits for the disk
    const base::scoped_lock lock(mutex_);
    set_connection(l, std::move(c));
    open_.fetch_add(1, std::memory_order_relaxed);
  } catch (...) {
    l.word.store(lease::closed, std::memory_order_release);
    throw;
  }
}

void reader_pool::set_connection(lease& l, std::unique_ptr<sqlite::connection> c) noexcept {
  l.conn = std::move(c);
}

void reader_pool::interrupt_busy() noexcept {
  for (const auto& l : leases_)
    if (l->word.load(std::memory_order_acquire) > lease::idle && l->conn)
      l->conn->interrupt();
}

lease* reader_pool::take() {
  if (closed_.load(std::memory_order_relaxed))
    return nullptr;
  if (last.pool == id_)
    if (auto* l = try_take(*leases_[last.index], lease::idle)) {
      ++l->uses;
      return l;
    }
  for (const auto from : {lease::idle, lease::closed})
    for (std::size_t i = 0; i < leases_.size(); ++i) {
      auto* l = leases_[i]->word.load(std::memory_order_relaxed) == from
                    ? try_take(*leases_[i], from)
                    : nullptr;
      if (l == nullptr)
        continue;
      if (!l->conn)
        open(*l);
      if (closed_.load(std::memory_order_seq_cst)) { // `close` waits for this lease
        give_back(*l);
        return nullptr;
      }
      last.pool = id_;
      last.index = i;
      ++l->uses;
      return l;
    }
  return nullptr;
}

lease* reader_pool::take_until(sqlite::clock::time_point deadline,
                               const sqlite::request_control& c) {
  if (auto* l = take())
    return l;
  waiting_.fetch_add(1, std::memory_order_seq_cst);
  lease* found = nullptr;
  base::scoped_lock lock(mutex_);
  while (!closed_.load(std::memory_order_relaxed) && !c.deadline.cancel_requested()) {
    lock.unlock();
    try {
      found = take();
    } catch (...) {
      waiting_.fetch_sub(1, std::memory_order_relaxed);
      throw;
    }
    lock.lock();
    if (found != nullptr || sqlite::clock::now() >= deadline)
      break;
    // The bound covers a `give_back` between `take` and this wait, and a cancel token.
    given_back_.wait_until(
        lock, std::min(deadline, sqlite::clock::now() + std::chrono::milliseconds(10)));
  }
  waiting_.fetch_sub(1, std::memory_order_relaxed);
  return found;
}

void reader_pool::give_back(lease& l, bool broken) noexcept {
  if (broken || !l.conn->transaction().is_usable() || closed_.load(std::memory_order_seq_cst)) {
    const base::scoped_lock lock(mutex_); // `close` may be about to interrupt the connection
    set_connection(l, nullptr);
    open_.fetch_sub(1, std::memory_order_relaxed);
    l.word.store(lease::closed, std::memory_order_release);
  } else {
    auto expected = static_cast<std::uint32_t>(lease::busy);
    if (!l.word.compare_exchange_strong(expected, lease::idle, std::memory_order_release)) {
      l.conn->snapshot().drop(); // recalled while it was busy
      l.word.store(lease::idle, std::memory_order_release);
    }
  }
  if (waiting_.load(std::memory_order_seq_cst) > 0) {
    const base::scoped_lock lock(mutex_);
    given_back_.notify_one();
  }
}

void reader_pool::park(lease& l, std::uint32_t how) noexcept {
  l.word.fetch_or(how, std::memory_order_acq_rel);
  if (waiting_.load(std::memory_order_seq_cst) > 0) {
    const base::scoped_lock lock(mutex_);
    given_back_.notify_all(); // `close` may wait for this lease
  }
}

bool reader_pool::resume(lease& l) noexcept {
  constexpr std::uint32_t at_rest = lease::parked | lease::outside;
  auto seen = l.word.load(std::memory_order_relaxed);
  do {
    if ((seen & at_rest) == 0)
      return false;
  } while (!l.word.compare_exchange_weak(seen, seen & ~at_rest, std::memory_order_acq_rel,
                                         std::memory_order_relaxed));
  return true;
}

bool reader_pool::sweep() noexcept {
  bool open = false;
  for (const auto& l : leases_) {
    if (l->word.load(std::memory_order_relaxed) != lease::idle) {
      open = open || l->word.load(std::memory_order_relaxed) != lease::closed;
      continue;
    }
    if (try_take(*l, lease::idle) == nullptr) {
      open = true;
      continue;
    }
    if (l->uses != l->uses_at_sweep) {
      l->uses_at_sweep = l->uses;
      open = open || l->conn->snapshot().is_open();
    } else {
      l->conn->snapshot().drop();
    }
    give_back(*l);
  }
  return open;
}

void reader_pool::close_idle() noexcept {
  for (const auto& l : leases_)
    if (try_take(*l, lease::idle) != nullptr)
      give_back(*l, l->uses == l->uses_at_sweep);
}

std::size_t reader_pool::recall() noexcept {
  std::size_t out = 0;
  for (const auto& l : leases_) {
    // Repeated if the lease changed hands between the load and the exchange.
    for (auto seen = l->word.load(std::memory_order_relaxed); seen != lease::closed;) {
      if (seen == lease::idle && try_take(*l, lease::idle) != nullptr) {
        l->conn->snapshot().drop();
        give_back(*l);
        break;
      }
      if (seen != lease::idle &&
          l->word.compare_exchange_weak(seen, seen | lease::recalled, std::memory_order_acq_rel)) {
        ++out;
        break;
      }
      seen = l->word.load(std::memory_order_relaxed);
    }
  }
  return out;
}

void reader_pool::close(sqlite::clock::time_point deadline) {
  closed_.store(true, std::memory_order_seq_cst);
  waiting_.fetch_add(1, std::memory_order_seq_cst);
  given_back_.notify_all();
  const auto last_moment = std::max(deadline, sqlite::clock::now()) + std::chrono::seconds(1);
  bool interrupted = false;
  for (std::size_t i = 0; i < leases_.size();) {
    auto& l = *leases_[i];
    const auto seen = l.word.load(std::memory_order_acquire);
    const bool at_rest = seen == lease::idle || (seen & lease::parked) != 0;
    if (at_rest && try_take(l, seen) != nullptr)
      give_back(l, true);
    const auto now = l.word.load(std::memory_order_acquire);
    if (now == lease::closed || (now & lease::outside) != 0 ||
        sqlite::clock::now() >= last_moment) {
      ++i;
      continue;
    }
    base::scoped_lock lock(mutex_);
    if (sqlite::clock::now() >= deadline && !interrupted) {
      interrupted = true;
      interrupt_busy();
    }
    given_back_.wait_for(lock, std::chrono::milliseconds(5));
  }
  waiting_.fetch_sub(1, std::memory_order_relaxed);
}

} // namespace dbengine::engine
