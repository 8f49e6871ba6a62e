// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The commits of a connection, as SQLite's WAL hook reports them.
// Thread safety: `count` by any thread; everything else by the connection's user.

#pragma once

#include <atomic>
#include <cstdint>

namespace dbengine::sqlite {

/// Counts commits. The count grows inside COMMIT: a worker that fails right after it is known to
/// have committed.
class commit_record {
public:
  void add(int wal_pages) noexcept {
    wal_pages_ = wal_pages;
    count_.fetch_add(1, std::memory_order_release);
  }
  std::uint64_t count() const noexcept { return count_.load(std::memory_order_acquire); }

  /// Pages in the WAL after the last commit.
  int wal_pages() const noexcept { return wal_pages_; }
  void set_wal_pages(int pages) noexcept { wal_pages_ = pages; }

private:
  std::atomic<std::uint64_t> count_{0};
  int wal_pages_ = 0;
};

} // namespace dbengine::sqlite
