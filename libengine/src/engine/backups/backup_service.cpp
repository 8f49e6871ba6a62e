// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/backups/backup_service.hpp"

#include "backup/backup_age.hpp"
#include "backup/backup_catalog.hpp"
#include "backup/retention.hpp"
#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "base/log.hpp"
#include "base/version.hpp"
#include "sqlite/functions/user_functions.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <sqlite3.h>
#include <sys/stat.h>
#include <system_error>

namespace dbengine::engine {

namespace {

using base::log;
using base::log_level;
using sqlite::clock;

std::optional<std::pair<std::uint64_t, std::uint64_t>> identity_of(const sqlite::location& where) {
  struct stat s {};
  if (where.memory || stat(where.path.c_str(), &s) != 0)
    return std::nullopt;
  return std::pair<std::uint64_t, std::uint64_t>(s.st_dev, s.st_ino);
}

// In a working folder that was deleted nothing relative is found: said by the backup, no reason to keep the database closed.
std::filesystem::path absolute_or_not(const std::filesystem::path& path) {
  std::error_code lost;
  auto result = std::filesystem::absolute(path, lost);
  return lost ? path : result;
}

// What the caller brought about says nothing of the engine.
bool is_callers(errc code) {
  return code == errc::cancelled || code == errc::timeout;
}

// Beside the engine's own backups.
constexpr const char* peers_folder = "peers";

// Stops that nobody forgot: their requests never came to a worker.
constexpr std::size_t max_stops = 1024;
// Of a backup, for the question whether the next one is late.
constexpr clock::duration most_age = std::chrono::hours(24 * 365 * 10);

} // namespace

progress_callback bounded(clock::time_point deadline, std::stop_token stop,
                          const progress_callback& progress) {
  return [deadline, stop = std::move(stop), progress](const backup_progress& p) {
    if (clock::now() >= deadline)
      throw error(errc::timeout, "the backup took longer than its time");
    return !stop.stop_requested() && (!progress || progress(p));
  };
}

backup_service::backup_service(std::shared_ptr<engine> core, bool own_thread)
    : core_(std::move(core)), folder_(absolute_or_not(core_->opts().backup_dir)),
      identity_(identity_of(core_->file().location())),
      schedule_(core_->opts().backup_interval, std::nullopt, std::chrono::system_clock::now(),
                clock::now()),
      own_thread_(own_thread) {}

const backup::backup_source& backup_service::source() const {
  std::call_once(source_known_, [this] { source_ = backup::source_of(core_->file().location()); });
  return source_;
}

// Before the first backup, or the first question about them, and not at the start: the folder may be slow, or not needed.
void backup_service::get_ready() {
  if (looked_.load(std::memory_order_acquire))
    return;
  const std::lock_guard once(getting_ready_);
  if (looked_.load(std::memory_order_relaxed))
    return;
  std::optional<wall_time> newest;
  try {
    // Backups are made where none are enabled, too, and their makers die.
    if (core_->opts().backup_enabled || !core_->file().read_only())
      for (const auto& folder : {folder_, folder_ / peers_folder})
        backup::clean_backup_directory(folder);
    newest = backup::newest_verified(folder_, source());
  } catch (const error& e) {
    // The first backup, due at once then, fails, is counted and tried again.
    base::log(log_level::error, "the folder of the backups cannot be read: " + to_string(e.info()));
  }
  const std::lock_guard lock(mutex_);
  schedule_ = {core_->opts().backup_interval, newest, std::chrono::system_clock::now(),
               clock::now()};
  last_ = newest;
  if (newest)
    last_at_ =
        clock::now() - std::clamp<clock::duration>(std::chrono::system_clock::now() - *newest,
                                                   clock::duration::zero(), most_age);
  looked_.store(true, std::memory_order_release);
}

void backup_service::look_at_folder() {
  get_ready();
  std::vector<backup_file> files;
  // The rest is worth knowing where the folder cannot be read, and that most of all.
  std::string unreadable;
  try {
    files = backup::list_backups(folder_, source());
    auto of_peers = backup::list_backups(folder_ / peers_folder, source());
    std::move(of_peers.begin(), of_peers.end(), std::back_inserter(files));
    std::stable_sort(files.begin(), files.end(),
                     [](const backup_file& a, const backup_file& b) { return a.time > b.time; });
  } catch (const error& e) {
    unreadable = to_string(e.info());
  }
  const std::lock_guard lock(mutex_);
  files_ = std::move(files);
  unreadable_ = std::move(unreadable);
}

std::shared_ptr<background_look> backup_service::folder_look() {
  const std::lock_guard lock(mutex_);
  if (!look_) {
    // Weak: it is this object's own.
    look_ = std::make_shared<background_look>(
        [me = weak_from_this()] {
          if (const auto self = me.lock())
            self->look_at_folder();
        },
        own_thread_);
    if (closed_)
      look_->close();
  }
  return look_;
}

void backup_service::ask_for_folder(std::function<void()> done, bool again) {
  if (!again && looked_.load(std::memory_order_acquire))
    return done();
  folder_look()->ask(std::move(done));
}

void backup_service::wait_for_folder(clock::time_point until) {
  if (!looked_.load(std::memory_order_acquire))
    folder_look()->wait(until);
}

backup::backup_settings backup_service::settings() const {
  const auto& o = core_->opts();
  const auto& where = core_->file().location();
  backup::backup_settings s;
  s.database = where.filename;
  s.vfs = where.vfs;
  s.open_flags = where.uri ? SQLITE_OPEN_URI : 0;
  s.source = source();
  s.identity = identity_;
  s.engine_version = version;
  s.compress = o.backup_compress;
  s.pages_per_step = o.backup_pages_per_step;
  s.pause = o.backup_pause;
  s.wal_limit = o.backup_wal_limit;
  s.wal_bytes = [core = core_] { return core->file().wal_bytes(); };
  s.commits = [core = core_] { return core->checkpoints().commits_seen(); };
  if (!o.functions.empty() || !o.collations.empty())
    s.prepare = [core = core_](sqlite3* db) { sqlite::register_user_functions(db, core->opts()); };
  return s;
}

// The engine's one backup at a time: whatever ends it, the next can begin and the shutdown goes on.
class backup_service::turn {
public:
  explicit turn(backup_service& service) : service_(service) {
    const std::lock_guard lock(service_.mutex_);
    if (service_.closed_)
      throw error(errc::shut_down, "the engine is shut down");
    mine_ = !std::exchange(service_.busy_, true);
    if (mine_)
      service_.maker_ = std::this_thread::get_id();
  }
  ~turn() {
    if (!mine_)
      return;
    const std::lock_guard lock(service_.mutex_);
    service_.busy_ = false;
    service_.idle_.notify_all();
  }
  turn(const turn&) = delete;
  turn& operator=(const turn&) = delete;

  explicit operator bool() const noexcept { return mine_; }

private:
  backup_service& service_;
  bool mine_ = false;
};

void backup_service::succeeded(bool periodic) {
  const std::lock_guard lock(mutex_);
  ++made_;
  last_ = std::chrono::system_clock::now();
  last_at_ = clock::now();
  last_error_.clear();
  if (periodic)
    schedule_.succeeded(clock::now());
  else
    schedule_.succeeded_on_request();
}

void backup_service::failed(const error_info& why, bool periodic) {
  const std::lock_guard lock(mutex_);
  if (periodic)
    schedule_.failed(clock::now());
  if (is_callers(why.code))
    return;
  ++failed_;
  last_error_ = to_string(why);
  if (periodic) // nobody else hears of it
    base::log(log_level::error, "the backup failed: " + last_error_);
}

std::optional<backup_file> backup_service::perform(backup::backup_settings s,
                                                   const progress_callback& progress) {
  // What another process put in the place of the file is not this database's to keep.
  core_->fence().check();
  const auto job = backup::backup_job::start(std::move(s));
  if (!job)
    return std::nullopt;
  {
    const std::lock_guard lock(mutex_);
    job_ = job.get();
    if (closed_)
      job->cancel();
  }
  const struct forget_job {
    backup_service* self;
    ~forget_job() {
      const std::lock_guard lock(self->mutex_);
      self->job_ = nullptr;
    }
  } at_the_end{this};
  job->run(progress);
  return job
      ->take_result(); // moved: a copy that finds no memory would make a failure of a backup that is there
}

bool backup_service::run_where_due() {
  {
    const turn mine(*this);
    if (!mine)
      return false;
    get_ready();
  }
  return wait().count() > 0 || run(true);
}

bool backup_service::run(bool periodic, const progress_callback& progress) {
  const turn mine(*this);
  if (!mine)
    return false;
  get_ready();
  std::optional<backup_file> made;
  try {
    auto s = settings();
    s.directory = folder_;
    made = perform(std::move(s), progress);
  } catch (...) {
    const auto why = base::current_exception_info();
    failed(why, periodic);
    throw error(why);
  }
  if (!made) {
    const std::lock_guard lock(mutex_);
    if (periodic)
      schedule_.failed(clock::now()); // another process has the directory: soon again
    return false;
  }
  succeeded(periodic);
  remove_old(folder_, made->filename);
  return true;
}

void backup_service::remove_old(const std::filesystem::path& folder,
                                const std::string& made) const {
  const auto& o = core_->opts();
  if (!o.backup_cleanup_enabled)
    return;
  try {
    backup::apply_retention(
        folder, source(),
        {o.backup_cleanup_keep_count, o.backup_cleanup_max_age, o.backup_cleanup_max_bytes},
        std::chrono::system_clock::now(), false, {}, made);
  } catch (...) { // the backup is made; that old ones stay is told, not thrown
    base::log(log_level::warning,
              "old backups could not be removed: " + to_string(base::current_exception_info()));
  }
}

void backup_service::check_peers_turn() {
  const auto interval = core_->opts().backup_interval;
  const auto refuse = [interval] {
    throw error(errc::not_allowed,
                "peers have had their backup: one in " + std::to_string(interval.count()) + " ms");
  };
  {
    const std::lock_guard lock(mutex_);
    if (last_for_peer_ && clock::now() - *last_for_peer_ < interval)
      refuse();
    if (last_for_peer_)
      return;
  }
  // One of an engine that was here before. Of the future, made while the clock was wrong: it says nothing.
  const auto newest = backup::newest_verified(folder_ / peers_folder, source());
  const auto now = std::chrono::system_clock::now();
  if (newest && *newest <= now && now - *newest < interval)
    refuse();
}

bool backup_service::run_for_peer(const progress_callback& progress) {
  if (DBENGINE_FLAW("keeps backups of peers with the others"))
    return run(false, progress);
  const turn mine(*this);
  if (!mine)
    return false;
  get_ready();
  std::optional<backup_file> made;
  try {
    check_peers_turn();
    auto s = settings();
    s.directory = folder_ / peers_folder;
    made = perform(std::move(s), progress);
  } catch (...) {
    const auto why = base::current_exception_info();
    if (why.code != errc::not_allowed && !is_callers(why.code)) {
      const std::lock_guard lock(mutex_);
      ++failed_;
    }
    throw error(why);
  }
  if (!made)
    return false; // another process has the directory
  {
    const std::lock_guard lock(mutex_);
    ++made_;
    last_for_peer_ = clock::now();
  }
  remove_old(folder_ / peers_folder, made->filename);
  return true;
}

prune_report backup_service::prune(const retention_policy& policy, bool dry_run) const {
  if (policy.keep_count < 0 || policy.max_age.count() < 0)
    throw error(errc::invalid_option, "a bound of backups must not be negative");
  return backup::apply_retention(folder_, source(), policy, std::chrono::system_clock::now(),
                                 dry_run);
}

void backup_service::run_to(const std::filesystem::path& target,
                            const progress_callback& progress) {
  if (target.empty())
    throw error(errc::invalid_option, "the name of the backup is missing");
  const turn mine(*this);
  if (!mine)
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
    s.compress = target.extension() == ".zst";
    if (!perform(std::move(s), kept))
      throw error(errc::busy,
                  "another process makes a backup in \"" + target.parent_path().string() + "\"");
  } catch (...) {
    const auto why = base::current_exception_info();
    {
      const std::lock_guard lock(mutex_);
      failed_ += is_callers(why.code) ? 0 : 1;
    }
    if (thrown)
      std::rethrow_exception(thrown);
    throw error(why);
  }
  const std::lock_guard lock(mutex_);
  ++made_;
}

std::stop_token backup_service::expect(std::uint64_t sender, std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  if (stops_.size() >= max_stops)
    stops_.erase(stops_.begin());
  return stops_[{sender, token}].get_token();
}

void backup_service::cancel(std::uint64_t sender, std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  if (const auto it = stops_.find({sender, token}); it != stops_.end())
    it->second.request_stop();
}

void backup_service::forget(std::uint64_t sender, std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  stops_.erase({sender, token});
}

bool backup_service::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

bool backup_service::running() const {
  const std::lock_guard lock(mutex_);
  return busy_;
}

std::chrono::nanoseconds backup_service::wait() const {
  const std::lock_guard lock(mutex_);
  return schedule_.wait(clock::now());
}

dbengine::backup_info backup_service::info() {
  look_at_folder();
  return known_info();
}

dbengine::backup_info backup_service::known_info() const {
  dbengine::backup_info i;
  const auto& o = core_->opts();
  i.enabled = o.backup_enabled;
  i.interval = o.backup_interval;
  i.directory = folder_;
  const std::lock_guard lock(mutex_);
  i.backup_files = files_;
  i.last_backup = last_;
  for (const auto& f : i.backup_files)
    if (!i.last_backup && f.verified && f.path.parent_path() == folder_)
      i.last_backup = f.time;
  if (o.backup_enabled)
    i.next_due = schedule_.next_due_wall(std::chrono::system_clock::now(), clock::now());
  i.total_backups = made_;
  i.failed_backups = failed_;
  i.last_error = last_error_.empty() ? unreadable_ : last_error_;
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
  if (last_) {
    const auto age = std::chrono::system_clock::now() - *last_;
    // One of the future, made while the clock was wrong, has none.
    h.last_backup_age =
        std::max(std::chrono::duration_cast<std::chrono::seconds>(age), std::chrono::seconds(0));
  }
  if (!last_error_.empty()) {
    h.problems.push_back("the last backup failed: " + last_error_);
    h.ok = false;
  }
}

std::string backup_service::late() const {
  const auto& o = core_->opts();
  const std::lock_guard lock(mutex_);
  const auto age = clock::now() - last_at_;
  if (!o.backup_enabled || !backup::is_late(age, o.backup_interval))
    return {};
  const auto seconds = [](auto d) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(d).count()) + " s";
  };
  return (last_ ? "the last backup is " + seconds(age) + " old"
                : "no backup has been made for " + seconds(age)) +
         ", and one is due each " + seconds(o.backup_interval);
}

bool backup_service::close(clock::time_point last_moment) {
  std::unique_lock lock(mutex_);
  closed_ = true;
  if (const auto look = look_) {
    lock.unlock(); // it tells who waits, and they ask this object
    look->close();
    lock.lock();
  }
  if (job_ != nullptr)
    job_->cancel();
  if (busy_ && maker_ == std::this_thread::get_id())
    return true; // from its progress callback: it ends when that returns
  return idle_.wait_until(lock, last_moment, [this] { return !busy_; });
}

} // namespace dbengine::engine
