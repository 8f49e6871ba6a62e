// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/backups/backup_service.hpp"

#include "backup/backup_catalog.hpp"
#include "backup/retention.hpp"
#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "base/log.hpp"
#include "base/version.hpp"
#include "sqlite/functions/user_functions.hpp"

#include <exception>
#include <sqlite3.h>
#include <sys/stat.h>

namespace dbengine::engine {

namespace {

std::optional<std::pair<std::uint64_t, std::uint64_t>> identity_of(const sqlite::location& where) {
  struct stat s {};
  if (where.memory || stat(where.path.c_str(), &s) != 0)
    return std::nullopt;
  return std::pair<std::uint64_t, std::uint64_t>(s.st_dev, s.st_ino);
}

} // namespace

progress_callback bound_progress(sqlite::clock::time_point deadline, std::stop_token stop,
                                 const progress_callback& progress) {
  return [deadline, stop = std::move(stop), progress](const backup_progress& p) {
    if (sqlite::clock::now() >= deadline)
      throw error(errc::timeout, "the backup took longer than its deadline allows");
    return !stop.stop_requested() && (!progress || progress(p));
  };
}

backup_service::backup_service(std::shared_ptr<engine> e, bool own_thread)
    : engine_(std::move(e)), identity_(identity_of(engine_->file().location())),
      history_(std::make_shared<backup_history>(engine_->opts())),
      folder_(std::make_shared<backup_folder>(engine_, history_, own_thread)) {}

backup::backup_settings backup_service::settings() const {
  const auto& o = engine_->opts();
  const auto& location = engine_->file().location();
  backup::backup_settings s;
  s.database = location.filename;
  s.vfs = location.vfs;
  s.open_flags = location.uri ? SQLITE_OPEN_URI : 0;
  s.source = folder_->source();
  s.identity = identity_;
  s.engine_version = version;
  s.compress = o.backup_compress;
  s.pages_per_step = o.backup_pages_per_step;
  s.pause = o.backup_pause;
  s.wal_limit = o.backup_wal_limit;
  s.wal_bytes = [e = engine_] { return e->file().wal_bytes(); };
  s.commits = [e = engine_] { return e->checkpoints().commits_seen(); };
  if (!o.functions.empty() || !o.collations.empty())
    s.prepare = [e = engine_](sqlite3* db) { sqlite::register_user_functions(db, e->opts()); };
  return s;
}

bool backup_service::run_if_due() {
  {
    const running_backup::reservation mine(running_);
    if (!mine)
      return false;
    folder_->prepare();
  }
  return history_->time_until_due().count() > 0 || run(backup_kind::periodic);
}

bool backup_service::run(backup_kind kind, const progress_callback& progress) {
  if (kind == backup_kind::peer && DBENGINE_MUTANT("keeps backups of peers with the others"))
    kind = backup_kind::requested;
  const running_backup::reservation mine(running_);
  if (!mine)
    return false;
  folder_->prepare();
  std::optional<backup_file> made;
  try {
    made = make(kind, progress);
  } catch (...) {
    const auto why = base::current_exception_info();
    history_->record_failure(kind, why);
    throw error(why);
  }
  if (!made) {
    history_->record_collision(kind);
    return false;
  }
  history_->record_success(kind);
  apply_retention(folder_of(kind), made->filename);
  return true;
}

std::optional<backup_file> backup_service::make(backup_kind kind,
                                                const progress_callback& progress) {
  if (kind == backup_kind::peer)
    check_peer_interval();
  auto s = settings();
  s.directory = folder_of(kind);
  // If another file has replaced the database, that file is not backed up.
  engine_->fence().check();
  return running_.run(std::move(s), progress);
}

void backup_service::check_peer_interval() const {
  if (history_->check_peer_interval())
    return;
  // Backups of an earlier engine count as well. A backup dated in the future, made while the clock
  // was wrong, is ignored.
  const auto newest = backup::newest_verified(folder_->peers_path(), folder_->source());
  const auto now = std::chrono::system_clock::now();
  if (newest && *newest <= now && now - *newest < engine_->opts().backup_interval)
    history_->refuse_peer();
}

std::filesystem::path backup_service::folder_of(backup_kind kind) const {
  return kind == backup_kind::peer ? folder_->peers_path() : folder_->path();
}

void backup_service::apply_retention(const std::filesystem::path& folder,
                                     const std::string& made) const {
  const auto& o = engine_->opts();
  if (!o.backup_cleanup_enabled)
    return;
  try {
    backup::apply_retention(
        folder, folder_->source(),
        {o.backup_cleanup_keep_count, o.backup_cleanup_max_age, o.backup_cleanup_max_bytes},
        std::chrono::system_clock::now(), false, {}, made);
  } catch (...) { // the backup exists: old ones that stay are logged, not thrown
    base::log(base::log_level::warning,
              "old backups could not be removed: " + to_string(base::current_exception_info()));
  }
}

void backup_service::run_to(const std::filesystem::path& target,
                            const progress_callback& progress) {
  if (target.empty())
    throw error(errc::invalid_option, "the name of the backup is missing");
  const running_backup::reservation mine(running_);
  if (!mine)
    throw error(errc::busy, "a backup is running");
  // An exception of the caller's own function is not a failure of the engine: it is rethrown
  // unchanged.
  std::exception_ptr thrown;
  const progress_callback kept = [&](const backup_progress& p) {
    try {
      return !progress || progress(p);
    } catch (...) {
      thrown = std::current_exception();
      return false;
    }
  };
  try {
    auto s = settings();
    s.target = target;
    s.compress = target.extension() == ".zst";
    engine_->fence().check();
    if (!running_.run(std::move(s), kept))
      throw error(errc::busy,
                  "another process makes a backup in \"" + target.parent_path().string() + "\"");
  } catch (...) {
    const auto why = base::current_exception_info();
    history_->record_failure(backup_kind::copy, why);
    if (thrown)
      std::rethrow_exception(thrown);
    throw error(why);
  }
  history_->record_success(backup_kind::copy);
}

prune_report backup_service::prune(const retention_policy& policy, bool dry_run) const {
  if (policy.keep_count < 0 || policy.max_age.count() < 0)
    throw error(errc::invalid_option, "keep_count and max_age must not be negative");
  return backup::apply_retention(folder_->path(), folder_->source(), policy,
                                 std::chrono::system_clock::now(), dry_run);
}

dbengine::backup_info backup_service::info() {
  folder_->refresh();
  return last_info();
}

dbengine::backup_info backup_service::last_info() const {
  dbengine::backup_info i;
  i.enabled = engine_->opts().backup_enabled;
  i.interval = engine_->opts().backup_interval;
  history_->add_to(i);
  folder_->add_to(i);
  i.running = running_.progress();
  return i;
}

bool backup_service::close(std::chrono::steady_clock::time_point last_moment) {
  running_.refuse();
  folder_->close();
  return running_.cancel_and_wait(last_moment);
}

} // namespace dbengine::engine
