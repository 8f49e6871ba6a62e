// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "vfs/memory_shm.hpp"

#include <sqlite3.h>

#include <cassert>
#include <new>
#include <utility>

namespace dbengine::vfs {

int memory_shm::map(holder& h, int index, int size, bool extend, void volatile*& out) noexcept {
  out = nullptr;
  if (index < 0 || size <= 0)
    return SQLITE_IOERR_SHMMAP;
  const auto wanted = static_cast<std::size_t>(index);
  const base::scoped_lock lock(mutex_);
  if (!h.attached) {
    h.attached = true;
    ++holders_;
  }
  if (extend) {
    try {
      while (regions_.size() <= wanted) {
        auto region = counted_block::make(static_cast<std::size_t>(size));
        if (!region)
          return SQLITE_NOMEM;
        regions_.push_back(std::move(region));
      }
    } catch (const std::bad_alloc&) {
      return SQLITE_NOMEM;
    }
  }
  if (wanted < regions_.size())
    out = regions_[wanted].data();
  return SQLITE_OK;
}

int memory_shm::lock_shared(holder& h, int slot) noexcept {
  const unsigned bit = 1u << slot;
  if ((h.shared & bit) != 0)
    return SQLITE_OK;
  auto& word = lock_[static_cast<std::size_t>(slot)];
  std::int32_t count = word.load(std::memory_order_relaxed);
  do {
    if (count < 0)
      return SQLITE_BUSY;
  } while (!word.compare_exchange_weak(count, count + 1, std::memory_order_acquire,
                                       std::memory_order_relaxed));
  h.shared |= bit;
  return SQLITE_OK;
}

int memory_shm::lock_exclusive(holder& h, int first, int n) noexcept {
  assert((h.exclusive & (((1u << n) - 1) << first)) == 0);
  for (int i = first; i < first + n; ++i) {
    std::int32_t expected = 0;
    if (!lock_[static_cast<std::size_t>(i)].compare_exchange_strong(
            expected, -1, std::memory_order_acquire, std::memory_order_relaxed)) {
      unlock(h, first, i - first);
      return SQLITE_BUSY;
    }
    h.exclusive |= 1u << i;
  }
  return SQLITE_OK;
}

void memory_shm::unlock(holder& h, int first, int n) noexcept {
  for (int i = first; i < first + n; ++i) {
    const unsigned bit = 1u << i;
    auto& word = lock_[static_cast<std::size_t>(i)];
    if ((h.exclusive & bit) != 0)
      word.store(0, std::memory_order_release);
    else if ((h.shared & bit) != 0)
      word.fetch_sub(1, std::memory_order_release);
    h.exclusive &= ~bit;
    h.shared &= ~bit;
  }
}

void memory_shm::barrier() noexcept {
  order_.publish();
  order_.observe();
#if !defined(__SANITIZE_THREAD__)
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

void memory_shm::detach(holder& h) noexcept {
  if (!h.attached)
    return;
  unlock(h, 0, slots);
  std::vector<counted_block> dropped; // freed after the mutex is released
  const base::scoped_lock lock(mutex_);
  h.attached = false;
  if (--holders_ == 0)
    dropped.swap(regions_);
}

} // namespace dbengine::vfs
