// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/files/mapping_policy.hpp"

#include <dbengine/defaults.hpp>

#include <sqlite3.h>

#include <utility>

namespace dbengine::sqlite {

void mapping_policy::map(bool on) noexcept {
  // Set at the file itself: the pager asks the file for each page, and reads a page that is not
  // mapped.
  sqlite3_int64 limit = on ? limit_ : 0;
  sqlite3_file_control(db_, "main", SQLITE_FCNTL_MMAP_SIZE, &limit);
  mapped_ = on;
  short_snapshots_ = 0;
}

void mapping_policy::count_unmapped_read() noexcept {
  if (++unmapped_reads_ == defaults::mmap_after_reads)
    map(true);
}

void mapping_policy::snapshot_replaced(std::uint64_t reuses) noexcept {
  const auto reads = reuses - std::exchange(reuses_before_, reuses);
  unmapped_reads_ = 0;
  if (!mapped_)
    return;
  short_snapshots_ = reads < defaults::mmap_brief_reads ? short_snapshots_ + 1 : 0;
  if (short_snapshots_ == defaults::mmap_brief_snapshots)
    map(false);
}

} // namespace dbengine::sqlite
