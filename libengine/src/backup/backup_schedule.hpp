// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The due times of periodic backups.
// Thread safety: plain data. No clock is read; the caller passes the times.

#pragma once

#include <dbengine/backup.hpp>

#include <chrono>
#include <optional>

namespace dbengine::backup {

/// Due times are points of a grid of the steady clock, one interval apart. So neither the duration
/// of a backup nor a jump of the wall clock moves them. The wall clock is used once, for the age of
/// the newest backup at the start.
class backup_schedule {
public:
  using steady_time = std::chrono::steady_clock::time_point;

  /// First due when the newest backup is one interval old. Due at once if there is none, if it is
  /// older, or if it is from the future (the clock was wrong).
  backup_schedule(std::chrono::milliseconds interval, std::optional<wall_time> newest,
                  wall_time wall_now, steady_time now);

  std::chrono::milliseconds interval() const noexcept { return interval_; }
  /// The next backup, or the retry of a failed one.
  steady_time next_due() const noexcept { return retry_ ? *retry_ : due_; }
  /// How long to wait; zero if it is due.
  std::chrono::nanoseconds wait(steady_time now) const noexcept;
  /// The due time by the current wall clock, to show it.
  wall_time next_due_wall(wall_time wall_now, steady_time now) const noexcept;
  int failures() const noexcept { return failures_; }

  /// A periodic backup succeeded: the next is due at the first point of the grid after `now`.
  /// Points that have passed (a long backup, a suspended machine) are skipped.
  void succeeded(steady_time now) noexcept;
  /// A periodic backup failed: it is retried after `retry_delay(failures)`. The grid does not
  /// change.
  void failed(steady_time now) noexcept;
  /// A requested backup succeeded: it ends a series of failures. The grid does not change.
  void succeeded_on_request() noexcept;

  /// Doubles from `backup_retry_min` with each consecutive failure (from 1), up to
  /// `backup_retry_max` or the interval.
  std::chrono::milliseconds retry_delay(int failures) const noexcept;

private:
  void advance(steady_time now) noexcept;

  std::chrono::milliseconds interval_;
  steady_time due_;
  std::optional<steady_time> retry_ = std::nullopt;
  int failures_ = 0;
};

} // namespace dbengine::backup
