// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Growth of the write-ahead log during a backup.
// Thread safety: one thread at a time. Ownership: by value.

#pragma once

#include <cstdint>

namespace dbengine::backup {

/// Compares the size of the WAL with two bounds while a snapshot keeps it from restarting. Sizes
/// are bytes. The file of a WAL that was long once keeps its length, so a bound below the size at
/// the start is raised to that size. A bound that was reached stays reached.
class wal_growth {
public:
  /// `urgent_at`: from this size on the backup must hurry. `limit`: at this size it fails; 0: none.
  wal_growth(std::uint64_t urgent_at, std::uint64_t limit) noexcept
      : urgent_at_(urgent_at), limit_(limit) {}

  void start(std::uint64_t bytes) noexcept { at_start_ = bytes; }
  void update(std::uint64_t bytes) noexcept;

  bool is_urgent() const noexcept { return urgent_; }
  bool exceeds_limit() const noexcept { return exceeded_; }
  /// Throws `errc::backup_failed`.
  void throw_if_exceeded() const;

private:
  std::uint64_t urgent_at_;
  std::uint64_t limit_;
  std::uint64_t at_start_ = 0;
  bool urgent_ = false;
  bool exceeded_ = false;
};

} // namespace dbengine::backup
