// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// When the next periodic backup is due.
// Thread rule: plain data. Nothing here reads a clock: the caller gives the times.

#pragma once

#include <dbengine/backup.hpp>

#include <chrono>
#include <optional>

namespace dbengine::backup {

/// The arithmetic of the backup scheduler. Due times lie on a grid of the steady clock, an interval apart, so that
/// neither the duration of a backup nor a wall clock that jumps moves them. The wall clock is read once, for the age
/// of the newest backup found at the start.
class backup_schedule {
public:
  using steady_time = std::chrono::steady_clock::time_point;

  /// First due when the newest backup is an interval old; at once where there is none, where it is older, or where it is of
  /// the future (the clock was wrong once).
  backup_schedule(std::chrono::milliseconds interval, std::optional<wall_time> newest,
                  wall_time wall_now, steady_time now);

  std::chrono::milliseconds interval() const noexcept { return interval_; }
  /// The next backup, or the next try after a failed one.
  steady_time next_due() const noexcept { return retry_ ? *retry_ : due_; }
  bool is_due(steady_time now) const noexcept { return now >= next_due(); }
  /// How long to wait; zero where it is due.
  std::chrono::nanoseconds wait(steady_time now) const noexcept;
  /// For people: the due time by the wall clock as it is now.
  wall_time next_due_wall(wall_time wall_now, steady_time now) const noexcept;
  int failures() const noexcept { return failures_; }

  /// A periodic backup succeeded: the next is due at the first point of the grid after `now`. Points that passed
  /// meanwhile (a long backup, a suspended machine) are dropped, not made up for.
  void succeeded(steady_time now) noexcept;
  /// A periodic backup failed: tried again after `retry_delay(failures)`, while the grid stays.
  void failed(steady_time now) noexcept;
  /// A backup asked for in between succeeded: ends a series of failures, and leaves the grid as it is.
  void succeeded_on_request() noexcept;

  /// Doubles from `backup_retry_min` with each failure in a row (from 1), up to `backup_retry_max` or the interval.
  std::chrono::milliseconds retry_delay(int failures) const noexcept;

private:
  void advance(steady_time now) noexcept;

  std::chrono::milliseconds interval_;
  steady_time due_;
  std::optional<steady_time> retry_ = std::nullopt;
  int failures_ = 0;
};

} // namespace dbengine::backup
