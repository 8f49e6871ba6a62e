// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "vfs/memory_file.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>
#include <utility>

namespace dbengine::vfs {

namespace {

std::atomic<std::size_t> held_bytes = 0;

// SQLite's offsets are signed 64-bit; anything near the end of that range is a wild one.
constexpr std::uint64_t max_file_size = std::uint64_t{1} << 48;

} // namespace

std::size_t memory_file_bytes() noexcept {
  return held_bytes.load(std::memory_order_relaxed);
}

// -- counted_block --------------------------------------------------------------------------------

counted_block::counted_block(counted_block&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

counted_block& counted_block::operator=(counted_block&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

counted_block::~counted_block() {
  if (data_ == nullptr)
    return;
  std::free(data_);
  held_bytes.fetch_sub(size_, std::memory_order_relaxed);
}

counted_block counted_block::make(std::size_t size) noexcept {
  counted_block result;
  result.data_ = static_cast<std::byte*>(std::calloc(1, size));
  if (result.data_ != nullptr) {
    result.size_ = size;
    held_bytes.fetch_add(size, std::memory_order_relaxed);
  }
  return result;
}

// -- memory_order_point ---------------------------------------------------------------------------

#if defined(__SANITIZE_THREAD__)

void memory_order_point::publish() noexcept {
  word_.fetch_add(1, std::memory_order_acq_rel);
}

void memory_order_point::observe() const noexcept {
  static_cast<void>(word_.load(std::memory_order_acquire));
}

#else

void memory_order_point::publish() noexcept {
  std::atomic_thread_fence(std::memory_order_release);
}

void memory_order_point::observe() const noexcept {
  std::atomic_thread_fence(std::memory_order_acquire);
}

#endif

// -- memory_content -------------------------------------------------------------------------------

int memory_content::read(void* out, std::uint64_t size, std::uint64_t offset) const noexcept {
  auto* to = static_cast<std::byte*>(out);
  std::shared_lock guard(mutex_);
  order_.observe();
  const std::uint64_t end = size_.load(std::memory_order_acquire);
  std::uint64_t left = offset < end ? std::min(size, end - offset) : 0;
  const bool whole = left == size;
  if (!whole)
    std::memset(to + left, 0, size - left);
  while (left > 0) {
    const std::uint64_t at = offset % chunk_size;
    const std::uint64_t n = std::min(left, chunk_size - at);
    const std::uint64_t index = offset / chunk_size;
    if (index < chunks_.size() && chunks_[index])
      std::memcpy(to, chunks_[index].data() + at, n);
    else
      std::memset(to, 0, n);
    to += n;
    offset += n;
    left -= n;
  }
  return whole ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int memory_content::write(const void* in, std::uint64_t size, std::uint64_t offset) noexcept {
  if (size == 0)
    return SQLITE_OK;
  if (offset > max_file_size || size > max_file_size - offset)
    return SQLITE_FULL;
  if (offset >= head_size) {
    std::shared_lock guard(mutex_);
    if (has_chunks(size, offset)) {
      copy_in(in, size, offset);
      return SQLITE_OK;
    }
  }
  std::unique_lock guard(mutex_);
  if (!make_chunks(size, offset))
    return SQLITE_FULL;
  copy_in(in, size, offset);
  return SQLITE_OK;
}

int memory_content::truncate(std::uint64_t size) noexcept {
  if (size > max_file_size)
    return SQLITE_FULL;
  std::vector<counted_block> dropped; // freed after the mutex, because freeing is slow
  std::unique_lock guard(mutex_);
  const std::uint64_t keep = (size + chunk_size - 1) / chunk_size;
  if (keep < chunks_.size()) {
    const auto first = chunks_.begin() + static_cast<std::ptrdiff_t>(keep);
    try {
      dropped.assign(std::move_iterator(first), std::move_iterator(chunks_.end()));
    } catch (const std::bad_alloc&) {
      // No memory for the list: erase() below frees the chunks themselves.
    }
    chunks_.erase(first, chunks_.end());
    if (chunks_.empty())
      std::vector<counted_block>().swap(chunks_);
  }
  // What the file regrows over must read as zeros.
  const std::uint64_t at = size % chunk_size;
  const std::uint64_t old = size_.load(std::memory_order_relaxed);
  if (at != 0 && size < old && keep <= chunks_.size() && chunks_[keep - 1])
    std::memset(chunks_[keep - 1].data() + at, 0, chunk_size - at);
  size_.store(size, std::memory_order_release);
  guard.unlock();
  return SQLITE_OK;
}

bool memory_content::has_chunks(std::uint64_t size, std::uint64_t offset) const noexcept {
  const std::uint64_t last = (offset + size - 1) / chunk_size;
  if (last >= chunks_.size())
    return false;
  for (std::uint64_t i = offset / chunk_size; i <= last; ++i)
    if (!chunks_[i])
      return false;
  return true;
}

bool memory_content::make_chunks(std::uint64_t size, std::uint64_t offset) noexcept {
  const std::uint64_t last = (offset + size - 1) / chunk_size;
  try {
    if (last >= chunks_.size())
      chunks_.resize(last + 1);
  } catch (const std::bad_alloc&) {
    return false;
  } catch (const std::length_error&) {
    return false;
  }
  for (std::uint64_t i = offset / chunk_size; i <= last; ++i) {
    if (!chunks_[i])
      chunks_[i] = counted_block::make(chunk_size);
    if (!chunks_[i])
      return false;
  }
  return true;
}

void memory_content::copy_in(const void* in, std::uint64_t size, std::uint64_t offset) noexcept {
  const auto* from = static_cast<const std::byte*>(in);
  const std::uint64_t end = offset + size;
  while (offset < end) {
    const std::uint64_t at = offset % chunk_size;
    const std::uint64_t n = std::min(end - offset, chunk_size - at);
    std::memcpy(chunks_[offset / chunk_size].data() + at, from, n);
    from += n;
    offset += n;
  }
  std::uint64_t old = size_.load(std::memory_order_relaxed);
  while (old < end && !size_.compare_exchange_weak(old, end, std::memory_order_release)) {
  }
  order_.publish();
}

// -- memory_file_lock -----------------------------------------------------------------------------

int memory_file_lock::lock(int& held, int wanted) noexcept {
  if (held >= wanted)
    return SQLITE_OK;
  std::lock_guard guard(mutex_);
  // Only one handle can be above SHARED, so a top level that is not ours is somebody else's.
  const bool others_on_top = top_ > SQLITE_LOCK_SHARED && held != top_;
  if (wanted == SQLITE_LOCK_SHARED) {
    if (others_on_top && top_ >= SQLITE_LOCK_PENDING)
      return SQLITE_BUSY;
    ++holders_;
    top_ = std::max(top_, SQLITE_LOCK_SHARED);
    held = SQLITE_LOCK_SHARED;
    return SQLITE_OK;
  }
  assert(held >= SQLITE_LOCK_SHARED);
  if (others_on_top)
    return SQLITE_BUSY;
  if (wanted == SQLITE_LOCK_EXCLUSIVE && holders_ > 1) {
    held = top_ = SQLITE_LOCK_PENDING;
    return SQLITE_BUSY;
  }
  held = top_ = wanted;
  return SQLITE_OK;
}

void memory_file_lock::unlock(int& held, int wanted) noexcept {
  assert(wanted <= SQLITE_LOCK_SHARED);
  if (held <= wanted)
    return;
  std::lock_guard guard(mutex_);
  if (held > SQLITE_LOCK_SHARED)
    top_ = SQLITE_LOCK_SHARED;
  if (wanted == SQLITE_LOCK_NONE && --holders_ == 0)
    top_ = SQLITE_LOCK_NONE;
  held = wanted;
}

bool memory_file_lock::reserved() const noexcept {
  std::lock_guard guard(mutex_);
  return top_ >= SQLITE_LOCK_RESERVED;
}

// -- memory_shm -----------------------------------------------------------------------------------

int memory_shm::map(holder& h, int index, int size, bool extend, void volatile*& out) noexcept {
  out = nullptr;
  if (index < 0 || size <= 0)
    return SQLITE_IOERR_SHMMAP;
  const auto wanted = static_cast<std::size_t>(index);
  std::lock_guard guard(mutex_);
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
  std::vector<counted_block> dropped; // freed after the mutex
  std::lock_guard guard(mutex_);
  h.attached = false;
  if (--holders_ == 0)
    dropped.swap(regions_);
}

} // namespace dbengine::vfs
