// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "wal_index.hpp"

#include <sqlite3.h>

#include <atomic>
#include <cstring>

namespace dbengine::detail {

namespace {
// Size of a WAL index region, fixed by the file format.
constexpr int region_size = 32'768;
} // namespace

bool wal_index::attach(sqlite3* db) noexcept {
  mapped_ = nullptr;
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
      file == nullptr)
    return false;
  if (file->pMethods == nullptr || file->pMethods->iVersion < 2 ||
      file->pMethods->xShmMap == nullptr)
    return false;
  volatile void* region = nullptr;
  if (file->pMethods->xShmMap(file, 0, region_size, 0, &region) != SQLITE_OK || region == nullptr)
    return false;
  mapped_ = static_cast<const volatile std::uint64_t*>(region);
  return true;
}

wal_index::header wal_index::read() const noexcept {
  header h{};
  for (std::size_t i = 0; i < h.size(); ++i)
    h[i] = mapped_[i];
  std::atomic_thread_fence(std::memory_order_acquire);
  return h;
}

bool wal_index::equals(const header& h) const noexcept {
  std::atomic_thread_fence(std::memory_order_acquire);
  std::uint64_t differs = 0;
  for (std::size_t i = 0; i < h.size(); ++i)
    differs |= mapped_[i] ^ h[i];
  return differs == 0;
}

std::uint32_t wal_index::last_frame(const header& h) noexcept {
  // Bytes 16 to 19, in the machine's own order.
  std::uint32_t frame = 0;
  std::memcpy(&frame, &h[2], sizeof frame);
  return frame;
}

bool wal_index::follows(const header& after, const header& before, int last_frame) noexcept {
  // Bytes 32 to 39: the salts, new at each restart.
  return wal_index::last_frame(after) == static_cast<std::uint32_t>(last_frame) &&
         after[4] == before[4];
}

} // namespace dbengine::detail
