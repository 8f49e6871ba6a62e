// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup_service.hpp"

#include "backup_catalog.hpp"
#include "error_map.hpp"
#include "functions.hpp"
#include "log.hpp"
#include "retention.hpp"
#include "version.hpp"

#include <exception>
#include <sqlite3.h>

namespace dbengine::actors {

namespace {

using detail::clock;
using detail::log;
using detail::log_level;

detail::backup_schedule schedule_of(const detail::engine_core& core, const std::string& source) {
  std::optional<wall_time> newest;
  if (core.opts().backup_enabled) {
    try {
      detail::clean_backup_directory(core.opts().backup_dir);
      if (const auto all = detail::list_backups(core.opts().backup_dir, source); !all.empty())
        newest = all.front().time;
    } catch (const error& e) {
      // No reason to keep the database closed: the first backup, due at once then, fails, is counted and tried again.
      log(log_level::error, "the folder of the backups cannot be read: " + to_string(e.info()));
    }
  }
  return {core.opts().backup_interval, newest, std::chrono::system_clock::now(), clock::now()};
}

} // namespace

backup_service::backup_service(std::shared_ptr<detail::engine_core> core)
    : core_(std::move(core)), source_(detail::source_identity(core_->where())),
      schedule_(schedule_of(*core_, source_)) {}

detail::backup_settings backup_service::settings() const {
  const auto& o = core_->opts();
  const auto& where = core_->where();
  detail::backup_settings s;
  s.database = where.filename;
  s.vfs = where.vfs;
  s.open_flags = where.uri ? SQLITE_OPEN_URI : 0;
  s.source = source_;
  s.engine_version = version;
  s.compress = o.backup_compress;
  s.pages_per_step = o.backup_pages_per_step;
  s.pause = o.backup_pause;
  s.wal_bytes = [core = core_] { return core->wal_bytes(); };
  if (!o.functions.empty() || !o.collations.empty())
    s.prepare = [core = core_](sqlite3* db) { detail::register_user_functions(db, core->opts()); };
  return s;
}

bool backup_service::begin() {
  const std::lock_guard lock(mutex_);
  if (closed_)
    throw error(errc::shut_down, "the engine is shut down");
  if (busy_)
    return false;
  busy_ = true;
  return true;
}

void backup_service::end(const std::optional<error_info>& failure, bool periodic, bool counts) {
  const std::lock_guard lock(mutex_);
  busy_ = false;
  job_ = nullptr;
  if (failure) {
    ++failed_;
    last_error_ = to_string(*failure);
    if (periodic) { // nobody else hears of it
      schedule_.failed(clock::now());
      log(log_level::error, "the backup failed: " + last_error_);
    }
  } else if (counts) {
    ++made_;
    last_ = std::chrono::system_clock::now();
    last_error_.clear();
    if (periodic)
      schedule_.succeeded(clock::now());
    else
      schedule_.succeeded_on_request();
  } else if (periodic) {
    schedule_.failed(clock::now()); // another process has the directory: soon again
  }
  idle_.notify_all();
}

bool backup_service::perform(detail::backup_settings s, const progress_callback& progress) {
  const auto job = detail::backup_job::start(std::move(s));
  if (!job)
    return false;
  {
    const std::lock_guard lock(mutex_);
    job_ = job.get();
    if (closed_)
      job->cancel();
  }
  struct forget {
    backup_service* self;
    ~forget() {
      const std::lock_guard lock(self->mutex_);
      self->job_ = nullptr;
    }
  } const at_the_end{this};
  job->run(progress);
  return true;
}

bool backup_service::run(bool periodic, const progress_callback& progress) {
  if (!begin())
    return false;
  const auto& o = core_->opts();
  bool made = false;
  try {
    auto s = settings();
    s.directory = o.backup_dir;
    made = perform(std::move(s), progress);
  } catch (...) {
    const auto why = detail::current_exception_info();
    end(why, periodic, false);
    throw error(why);
  }
  if (made && o.backup_cleanup_enabled) {
    try {
      detail::apply_retention(
          o.backup_dir, source_,
          {o.backup_cleanup_keep_count, o.backup_cleanup_max_age, o.backup_cleanup_max_bytes},
          std::chrono::system_clock::now(), false);
    } catch (const error& e) { // the backup is made; that old ones stay is told, not thrown
      log(log_level::warning, "old backups could not be removed: " + to_string(e.info()));
    }
  }
  end(std::nullopt, periodic, made);
  return made;
}

void backup_service::run_to(const std::filesystem::path& target,
                            const progress_callback& progress) {
  if (!begin())
    throw error(errc::busy, "a backup is running");
  // What the caller's own function throws is the caller's own, and no failure of the engine.
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
    if (!perform(std::move(s), kept))
      throw error(errc::busy,
                  "another process makes a backup in \"" + target.parent_path().string() + "\"");
  } catch (...) {
    const auto why = detail::current_exception_info();
    end(why, false, false);
    if (thrown)
      std::rethrow_exception(thrown);
    throw error(why);
  }
  end(std::nullopt, false, true);
}

bool backup_service::running() const {
  const std::lock_guard lock(mutex_);
  return busy_;
}

std::chrono::nanoseconds backup_service::wait() const {
  const std::lock_guard lock(mutex_);
  return schedule_.wait(clock::now());
}

dbengine::backup_info backup_service::info() const {
  dbengine::backup_info i;
  const auto& o = core_->opts();
  // The rest is worth knowing where the folder cannot be read, and that most of all.
  std::string unreadable;
  try {
    i.backup_files = detail::list_backups(o.backup_dir, source_);
  } catch (const error& e) {
    unreadable = to_string(e.info());
  }
  i.enabled = o.backup_enabled;
  i.interval = o.backup_interval;
  i.directory = o.backup_dir;
  const std::lock_guard lock(mutex_);
  i.last_backup = last_;
  if (!i.last_backup && !i.backup_files.empty())
    i.last_backup = i.backup_files.front().time;
  if (o.backup_enabled)
    i.next_due = schedule_.next_due_wall(std::chrono::system_clock::now(), clock::now());
  i.total_backups = made_;
  i.failed_backups = failed_;
  i.last_error = last_error_.empty() ? unreadable : last_error_;
  if (job_ != nullptr)
    i.running = job_->progress();
  return i;
}

void backup_service::add_to(dbengine::statistics& s) const {
  const std::lock_guard lock(mutex_);
  s.backups = made_;
  s.last_backup_time = last_;
  auto& c = s.classes[static_cast<std::size_t>(request_class::backup)];
  c.count += made_ + failed_;
  c.errors += failed_;
  s.requests += made_ + failed_;
  s.errors += failed_;
}

void backup_service::add_to(health_report& h) const {
  const std::lock_guard lock(mutex_);
  if (last_)
    h.last_backup_age =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - *last_);
  if (!last_error_.empty()) {
    h.problems.push_back("the last backup failed: " + last_error_);
    h.ok = false;
  }
}

void backup_service::close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  if (job_ != nullptr)
    job_->cancel();
  idle_.wait(lock, [this] { return !busy_; });
}

} // namespace dbengine::actors
