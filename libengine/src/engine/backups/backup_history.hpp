// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "backup/backup_schedule.hpp"
#include "base/thread_annotations.hpp"

#include <dbengine/backup.hpp>
#include <dbengine/options.hpp>
#include <dbengine/stats.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace dbengine::engine {

/// periodic: made by the timer, in the engine's folder. requested: the same, on request. peer:
/// requested by a peer of a port, in a separate folder. copy: under a name that the caller chose.
enum class backup_kind : std::uint8_t { periodic, requested, peer, copy };

/// The results of the backups of one engine, and when the next periodic one is due.
///
/// Periodic and requested backups set the schedule, the age and the last error. Copies and peers'
/// backups are only counted.
/// Thread safety: any thread.
class backup_history {
public:
  using clock = std::chrono::steady_clock;

  /// `o` must outlive the object.
  explicit backup_history(const options& o);

  /// Called after the folder was searched, with its newest verified backup, if any.
  void start(std::optional<wall_time> newest);
  void record_success(backup_kind kind);
  /// A failure that the caller caused (cancelled, timeout) is not counted, nor is a peer's request
  /// that was too early.
  void record_failure(backup_kind kind, const error_info& why);
  /// Another process makes a backup in the same folder: the periodic one is retried soon.
  void record_collision(backup_kind kind);

  /// The time until the next periodic backup is due, as far as known: zero before `start`.
  std::chrono::nanoseconds time_until_due() const;
  /// Throws `errc::not_allowed` if the last backup for a peer is younger than the interval. Returns
  /// true if there was one.
  bool check_peer_interval() const;
  /// The same error, for a backup found in the folder.
  [[noreturn]] void refuse_peer() const;

  void add_to(dbengine::statistics& s) const;
  void add_to(health_report& h) const;
  void add_to(backup_info& i) const;
  /// Returns a text if the periodic backups are far behind their interval, by the steady clock;
  /// otherwise an empty one.
  std::string overdue_text() const;

private:
  const options* options_;
  mutable base::mutex mutex_;
  backup::backup_schedule schedule_ DBENGINE_GUARDED_BY(mutex_);
  std::uint64_t succeeded_ DBENGINE_GUARDED_BY(mutex_) = 0;
  std::uint64_t failed_ DBENGINE_GUARDED_BY(mutex_) = 0;
  std::string last_error_ DBENGINE_GUARDED_BY(mutex_);
  std::optional<clock::time_point> last_for_peer_ DBENGINE_GUARDED_BY(mutex_);
  /// The time of the last backup, made or found in the folder.
  std::optional<wall_time> last_ DBENGINE_GUARDED_BY(mutex_);
  /// That time by the steady clock; the opening of the engine if there is no backup.
  clock::time_point last_at_ DBENGINE_GUARDED_BY(mutex_) = clock::now();
};

} // namespace dbengine::engine
