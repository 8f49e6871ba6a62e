// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "vfs/memory_content.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <new>
#include <stdexcept>

namespace dbengine::vfs {

namespace {

// SQLite's offsets are signed 64-bit. An offset near the end of that range is an error.
constexpr std::uint64_t max_file_size = std::uint64_t{1} << 48;

} // namespace

int memory_content::read(void* out, std::uint64_t size, std::uint64_t offset) const noexcept {
  auto* to = static_cast<std::byte*>(out);
  const base::shared_lock lock(mutex_);
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
    const base::shared_lock lock(mutex_);
    if (has_chunks(size, offset)) {
      copy_in(in, size, offset);
      return SQLITE_OK;
    }
  }
  const base::exclusive_lock lock(mutex_);
  if (!make_chunks(size, offset))
    return SQLITE_FULL;
  copy_in(in, size, offset);
  return SQLITE_OK;
}

int memory_content::truncate(std::uint64_t size) noexcept {
  if (size > max_file_size)
    return SQLITE_FULL;
  std::vector<counted_block> dropped; // freed after the mutex is released, because freeing is slow
  const base::exclusive_lock lock(mutex_);
  const std::uint64_t keep = (size + chunk_size - 1) / chunk_size;
  if (keep < chunks_.size()) {
    const auto first = chunks_.begin() + static_cast<std::ptrdiff_t>(keep);
    try {
      dropped.assign(std::move_iterator(first), std::move_iterator(chunks_.end()));
    } catch (const std::bad_alloc&) {
      // No memory for the list: erase() below frees the chunks.
    }
    chunks_.erase(first, chunks_.end());
    if (chunks_.empty())
      std::vector<counted_block>().swap(chunks_);
  }
  // If the file grows again, it must read as zeros there.
  const std::uint64_t at = size % chunk_size;
  const std::uint64_t old = size_.load(std::memory_order_relaxed);
  if (at != 0 && size < old && keep <= chunks_.size() && chunks_[keep - 1])
    std::memset(chunks_[keep - 1].data() + at, 0, chunk_size - at);
  size_.store(size, std::memory_order_release);
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

} // namespace dbengine::vfs
