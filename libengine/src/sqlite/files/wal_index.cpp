// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/files/wal_index.hpp"

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <tuple>

namespace dbengine::sqlite {

namespace {

// The first region, fixed by the file format: the header twice, 48 bytes each, then the progress of
// checkpoints.
constexpr int region_size = 32'768;
constexpr std::size_t header_words = std::tuple_size_v<wal_index::header>;
constexpr std::size_t salts_at = 32, backfilled_at = 96, attempted_at = 128;

template <class T>
T number_at(const volatile std::uint64_t* mapped, std::size_t offset) noexcept {
  const std::uint64_t word = mapped[offset / sizeof word];
  T n = 0;
  std::memcpy(&n, reinterpret_cast<const char*>(&word) + offset % sizeof word, sizeof n);
  return n;
}

// SQLite's checksum of a header covers all but its last 8 bytes, which hold it.
bool has_valid_checksum(const wal_index::header& h) noexcept {
  std::uint32_t words[2 * header_words];
  std::memcpy(words, h.data(), sizeof words);
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  for (std::size_t i = 0; i + 2 < 2 * header_words; i += 2) {
    a += words[i] + b;
    b += words[i + 1] + a;
  }
  return a == words[2 * header_words - 2] && b == words[2 * header_words - 1];
}

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

std::optional<wal_index::header> wal_index::consistent_header() const noexcept {
  // The second copy is written first.
  const auto first = read();
  for (std::size_t i = 0; i < first.size(); ++i)
    if (mapped_[first.size() + i] != first[i])
      return {};
  if (!has_valid_checksum(first))
    return {};
  return first;
}

wal_index::progress wal_index::checkpoints() const noexcept {
  const progress p{.salts = number_at<std::uint64_t>(mapped_, salts_at),
                   .backfilled = number_at<std::uint32_t>(mapped_, backfilled_at),
                   .attempted = number_at<std::uint32_t>(mapped_, attempted_at)};
  std::atomic_thread_fence(std::memory_order_acquire);
  return p;
}

std::uint32_t wal_index::page_size(const header& h) noexcept {
  // Bytes 14 and 15: 1 means 65,536.
  std::uint16_t page = 0;
  std::memcpy(&page, reinterpret_cast<const char*>(h.data()) + 14, sizeof page);
  return (page & 0xfe00U) + ((page & 1U) << 16);
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

} // namespace dbengine::sqlite
