// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "backup/backup_job.hpp"
#include "base/cancel_registry.hpp"
#include "engine/backups/backup_folder.hpp"
#include "engine/backups/backup_history.hpp"
#include "engine/backups/running_backup.hpp"
#include "engine/engine.hpp"

#include <dbengine/backup.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

namespace dbengine::engine {

/// Makes the backups of one engine, one at a time. Called by the backup actors and by the facade's
/// threads.
/// Thread safety: any thread.
/// Ownership: shares the engine.
class backup_service {
public:
  /// Accesses no disk. `own_thread`: see `background_refresh`.
  explicit backup_service(std::shared_ptr<engine> e, bool own_thread = true);

  /// Makes a backup on this thread, then applies the retention of its folder. Returns false at once
  /// if a backup runs, in this or another process. Throws `error`: the failure is counted, and no
  /// part of the backup stays. A peer's backup is made in a separate folder, with separate
  /// retention, so that it replaces no earlier backup of the engine. Throws `errc::not_allowed`
  /// within `backup_interval` of the last one.
  bool run(backup_kind kind, const progress_callback& progress = {});
  /// Makes the periodic backup, unless the folder holds one that is new enough. Returns false if it
  /// was due and could not be made.
  bool run_if_due();
  /// Makes a backup under a name that the caller chose, compressed if it ends with `.zst`. Throws
  /// `errc::busy` if a backup runs. An exception of `progress` reaches the caller.
  void run_to(const std::filesystem::path& target, const progress_callback& progress);
  /// Removes old backups of this database in the engine's folder.
  prune_report prune(const retention_policy& policy, bool dry_run) const;

  bool is_running() const { return running_.is_reserved(); }
  /// True after `close`: the verification of a backup ends as well.
  bool is_closed() const { return running_.is_closed(); }
  /// Lists the folder on this thread.
  dbengine::backup_info info();
  /// The information with the last list of the folder.
  dbengine::backup_info last_info() const;
  backup_folder& folder() noexcept { return *folder_; }
  const backup_history& history() const noexcept { return *history_; }
  /// The requests for backups that can be cancelled. A cancellation may come before the request
  /// has reached its worker.
  base::cancel_registry<std::stop_source>& cancels() noexcept { return cancels_; }

  /// Refuses further backups; cancels the running one and waits for it. Returns false if it has not
  /// ended by then.
  bool close(std::chrono::steady_clock::time_point last_moment);

private:
  backup::backup_settings settings() const;
  std::optional<backup_file> make(backup_kind kind, const progress_callback& progress);
  void check_peer_interval() const;
  std::filesystem::path folder_of(backup_kind kind) const;
  void apply_retention(const std::filesystem::path& folder, const std::string& made) const;

  std::shared_ptr<engine> engine_;
  /// Device and inode of the database when the engine was opened; nothing for a memory database.
  std::optional<std::pair<std::uint64_t, std::uint64_t>> identity_;
  std::shared_ptr<backup_history> history_;
  std::shared_ptr<backup_folder> folder_;
  running_backup running_;
  base::cancel_registry<std::stop_source> cancels_;
};

/// A progress callback that also asks `progress`. It throws `errc::timeout` after the deadline, and
/// cancels the backup when `stop` is requested.
progress_callback bound_progress(sqlite::clock::time_point deadline, std::stop_token stop,
                                 const progress_callback& progress = {});

} // namespace dbengine::engine
