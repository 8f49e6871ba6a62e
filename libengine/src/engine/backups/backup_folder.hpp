// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "backup/backup_job.hpp"
#include "base/thread_annotations.hpp"
#include "engine/background_refresh.hpp"
#include "engine/backups/backup_history.hpp"
#include "engine/engine.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace dbengine::engine {

/// The folder of an engine's backups: cleaned once before its first use, and listed on a separate
/// thread.
/// Thread safety: any thread.
/// Ownership: shared with that thread; shares the engine and the history.
class backup_folder : public std::enable_shared_from_this<backup_folder> {
public:
  /// Accesses no disk. `own_thread`: see `background_refresh`.
  backup_folder(std::shared_ptr<engine> e, std::shared_ptr<backup_history> history,
                bool own_thread);

  /// Absolute, even if the process's working folder changes.
  const std::filesystem::path& path() const noexcept { return path_; }
  /// The folder of the backups that peers have requested, beside the engine's own.
  std::filesystem::path peers_path() const { return path_ / "peers"; }
  /// Identifies the database. Determined at the first call, which reads the disk.
  const backup::backup_source& source() const;

  /// Removes what a dead process left, and starts the history with the newest backup. Runs once,
  /// and not at the engine's start, because the folder may be slow or not needed. A failure is
  /// logged.
  void prepare();
  /// Lists the backups on this thread.
  void refresh();
  /// Adds the last list: its files, or the reason why the folder could not be read.
  void add_to(backup_info& i) const;
  /// Calls `done`, from another thread, once the folder has been listed: in a new run if `again`,
  /// otherwise in any.
  void request_listing(std::function<void()> done, bool again);
  /// Waits until then for the first list.
  void wait_for_listing(sqlite::clock::time_point until);
  /// Ends the waits for lists.
  void close();

private:
  std::shared_ptr<background_refresh> refresher();
  void clean_and_start_history() DBENGINE_REQUIRES(preparing_);

  std::shared_ptr<engine> engine_;
  std::shared_ptr<backup_history> history_;
  const std::filesystem::path path_;
  const bool own_thread_;
  mutable std::once_flag source_known_;
  mutable backup::backup_source source_; // set under `source_known_`, constant after that
  base::mutex preparing_; // held while the folder is cleaned and searched; before `mutex_`
  // Stored with `preparing_` held; an atomic, so that later calls do not wait behind the disk.
  std::atomic<bool> prepared_{false};
  mutable base::mutex mutex_;
  std::vector<backup_file> files_ DBENGINE_GUARDED_BY(mutex_);
  std::string unreadable_ DBENGINE_GUARDED_BY(mutex_);
  std::shared_ptr<background_refresh> refresher_ DBENGINE_GUARDED_BY(mutex_);
  bool closed_ DBENGINE_GUARDED_BY(mutex_) = false;
};

} // namespace dbengine::engine
