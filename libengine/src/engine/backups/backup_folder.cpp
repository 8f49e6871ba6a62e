// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/backups/backup_folder.hpp"

#include "backup/backup_catalog.hpp"
#include "backup/retention.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <iterator>
#include <system_error>

namespace dbengine::engine {

namespace {

// If the working folder was deleted, relative paths cannot be resolved. The backup reports that; it
// is no reason to keep the database closed.
std::filesystem::path absolute_if_possible(const std::filesystem::path& path) {
  std::error_code lost;
  auto result = std::filesystem::absolute(path, lost);
  return lost ? path : result;
}

} // namespace

backup_folder::backup_folder(std::shared_ptr<engine> e, std::shared_ptr<backup_history> history,
                             bool own_thread)
    : engine_(std::move(e)), history_(std::move(history)),
      path_(absolute_if_possible(engine_->opts().backup_dir)), own_thread_(own_thread) {}

const backup::backup_source& backup_folder::source() const {
  std::call_once(source_known_,
                 [this] { source_ = backup::source_of(engine_->file().location()); });
  return source_;
}

void backup_folder::prepare() {
  if (prepared_.load(std::memory_order_acquire))
    return;
  const base::scoped_lock once(preparing_);
  if (prepared_.load(std::memory_order_relaxed))
    return;
  clean_and_start_history();
  prepared_.store(true, std::memory_order_release);
}

void backup_folder::clean_and_start_history() {
  std::optional<wall_time> newest;
  try {
    // Also if periodic backups are disabled: requested backups leave files, too, if their process
    // dies.
    if (engine_->opts().backup_enabled || !engine_->file().read_only())
      for (const auto& folder : {path_, peers_path()})
        backup::clean_backup_directory(folder);
    newest = backup::newest_verified(path_, source());
  } catch (const error& e) {
    // The first backup is due at once then. It fails, is counted and retried.
    base::log(base::log_level::error,
              "the folder of the backups cannot be read: " + to_string(e.info()));
  }
  history_->start(newest);
}

void backup_folder::refresh() {
  prepare();
  std::vector<backup_file> files;
  // If the folder cannot be read, this error is more important than any other one.
  std::string unreadable;
  try {
    files = backup::list_backups(path_, source());
    auto of_peers = backup::list_backups(peers_path(), source());
    std::move(of_peers.begin(), of_peers.end(), std::back_inserter(files));
    std::stable_sort(files.begin(), files.end(),
                     [](const backup_file& a, const backup_file& b) { return a.time > b.time; });
  } catch (const error& e) {
    unreadable = to_string(e.info());
  }
  const base::scoped_lock lock(mutex_);
  files_ = std::move(files);
  unreadable_ = std::move(unreadable);
}

void backup_folder::add_to(backup_info& i) const {
  i.directory = path_;
  const base::scoped_lock lock(mutex_);
  i.backup_files = files_;
  for (const auto& f : i.backup_files)
    if (!i.last_backup && f.verified && f.path.parent_path() == path_)
      i.last_backup = f.time;
  if (i.last_error.empty())
    i.last_error = unreadable_;
}

std::shared_ptr<background_refresh> backup_folder::refresher() {
  const base::scoped_lock lock(mutex_);
  if (!refresher_) {
    // Weak: this object owns the refresher.
    refresher_ = std::make_shared<background_refresh>(
        [weak = weak_from_this()] {
          if (const auto self = weak.lock())
            self->refresh();
        },
        own_thread_);
    if (closed_)
      refresher_->close();
  }
  return refresher_;
}

void backup_folder::request_listing(std::function<void()> done, bool again) {
  if (!again && prepared_.load(std::memory_order_acquire))
    return done();
  refresher()->request(std::move(done));
}

void backup_folder::wait_for_listing(sqlite::clock::time_point until) {
  if (!prepared_.load(std::memory_order_acquire))
    refresher()->wait_until(until);
}

void backup_folder::close() {
  std::shared_ptr<background_refresh> open;
  {
    const base::scoped_lock lock(mutex_);
    closed_ = true;
    open = refresher_;
  }
  if (open) // without the mutex: it calls the waiting functions
    open->close();
}

} // namespace dbengine::engine
