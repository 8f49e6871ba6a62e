// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/backup_job.hpp"

#include "base/fault.hpp"
#include "sqlite/integrity.hpp"
#include "sqlite/schema_check.hpp"
#include "vfs/fd_vfs.hpp"

#include <algorithm>
#include <cerrno>
#include <sqlite3.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace dbengine::backup {

namespace {

constexpr std::chrono::milliseconds between_questions{20};
constexpr std::string_view raw_suffix = ".raw";
constexpr std::string_view zstd_suffix = ".zst";

std::uint64_t wal_size(sqlite3* db) {
  struct stat s {};
  const char* name = sqlite3_filename_wal(sqlite3_db_filename(db, "main"));
  return name != nullptr && stat(name, &s) == 0 ? static_cast<std::uint64_t>(s.st_size) : 0;
}

// Of a dead backup into a path, whose neighbours are anybody's: a database whose first page may not have been written yet, what
// is packed, or a manifest.
bool may_be_unfinished(int fd) {
  char head[16] = {};
  if (pread(fd, head, sizeof head, 0) < 0)
    return false;
  const std::string_view text(head, sizeof head);
  return text.find_first_not_of('\0') == text.npos || text.starts_with("SQLite format 3") ||
         text.starts_with("\x28\xb5\x2f\xfd") || text.starts_with("{\n");
}

} // namespace

void backup_job::end_backup::operator()(sqlite3_backup* b) const noexcept {
  sqlite3_backup_finish(b);
}

backup_job::backup_job(backup_settings settings, os::directory folder)
    : settings_(std::move(settings)), folder_(std::move(folder)),
      go_on_([this] { return may_go_on(); }), begun_(std::chrono::steady_clock::now()),
      pace_(settings_.pause, settings_.commits) {}

backup_job::~backup_job() {
  if (phase_ != phase::done)
    undo();
}

std::unique_ptr<backup_job> backup_job::start(backup_settings settings) {
  if (settings.pages_per_step < 1)
    throw error(errc::invalid_option, "backup_pages_per_step must be at least 1");
  const bool named = !settings.target.empty();
  const auto above = settings.target.parent_path();
  auto folder = named ? os::directory::open(above.empty() ? "." : above, false)
                      : os::directory::open(settings.directory, true);
  std::unique_ptr<backup_job> job(new backup_job(std::move(settings), std::move(folder)));
  job->at("directory");
  if (!named) {
    job->lock_ = os::pinned_file(job->folder_.lock(backup_lock_name));
    if (!job->lock_)
      return nullptr;
    remove_leftovers(job->folder_);
  }
  job->open_source();
  job->choose_name();
  job->begin_copy();
  return job;
}

void backup_job::open_source() {
  auto& s = settings_;
  const auto what = "cannot open " + s.database + " for a backup";
  at("open");
  source_ = sqlite::open_database(s.database, SQLITE_OPEN_READONLY | s.open_flags,
                                  s.vfs.empty() ? nullptr : s.vfs.c_str(), what);
  check_source();
  sqlite3_busy_timeout(source_.get(), static_cast<int>(defaults::backup_busy_timeout.count()));
  if (s.prepare)
    s.prepare(source_.get());
  at("pin");
  begun_ = std::chrono::steady_clock::now();
  about_.started = s.now();
  sqlite::run_sql(source_.get(), "BEGIN", what);
  if (const int rc = sqlite::begin_reading(source_.get()); rc != SQLITE_OK)
    sqlite::throw_sqlite(rc, source_.get(), what);
  refuse_cut_source();
  wal_at_start_ = wal_bytes();
  if (s.source.path.empty())
    s.source = source_of(std::string(sqlite3_db_filename(source_.get(), "main")));
  about_.source = s.source.path;
  about_.source_folder = s.source.folder.value_or("");
}

// By its path: another file may lie there by now, and its content must not go into this database's history.
void backup_job::check_source() const {
  if (!settings_.identity)
    return;
  struct stat s {};
  int moved = 1;
  const char* path = sqlite3_db_filename(source_.get(), "main");
  if (stat(path, &s) != 0 ||
      *settings_.identity != std::pair<std::uint64_t, std::uint64_t>(s.st_dev, s.st_ino) ||
      sqlite3_file_control(source_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK ||
      moved != 0)
    throw error(errc::backup_failed,
                std::string(path) + " is no longer the file that the engine opened");
}

// SQLite reads a page that is not whole as one that ends in zeros.
void backup_job::refuse_cut_source() const {
  if (const auto missing = sqlite::missing_pages(source_.get()); !missing.empty())
    throw error(errc::corrupt, settings_.database + ": " + missing);
}

void backup_job::choose_name() {
  if (!settings_.target.empty()) {
    os::refuse_nul(settings_.target);
    name_ = settings_.target.filename().string();
    const auto beside = name_ + std::string(manifest_suffix);
    for (const auto& taken : {name_, beside})
      if (name_.empty() ||
          (folder_.exists(taken) && !(taken == beside && is_orphan(folder_, name_))))
        throw error(errc::backup_failed, folder_.path_of(taken).string() + " exists already");
    return;
  }
  backup_name name{.time = std::chrono::floor<std::chrono::seconds>(about_.started),
                   .compressed = settings_.compress};
  // Never before the newest one, or a clock that was set back would let retention remove what is newest.
  for (const auto& e : read_catalog(folder_))
    if (e.about && settings_.source.owns(*e.about) && e.name.time >= name.time) {
      name = e.name;
      name.compressed = settings_.compress;
      if (name.number++ == backup_name::max_number)
        name = {.time = name.time + std::chrono::seconds(1), .compressed = name.compressed};
      break;
    }
  // Whatever is in the way, be it another database's, packed or not, or a link, has its name to itself.
  const auto taken = [&](bool compressed) {
    const auto text = backup_name{name.time, name.number, compressed}.str();
    return folder_.exists(text) || folder_.exists(text + std::string(manifest_suffix));
  };
  while (taken(false) || taken(true))
    ++name.number;
  name_ = name.str();
  if (!backup_name::parse(name_))
    throw error(errc::backup_failed, "no name is left after the newest one in " +
                                         folder_.path().string() + ": " + name_);
  result_.time = name.time;
}

int backup_job::make(const std::string& name) {
  // Backups into a path of the user's take no directory lock: there, whoever holds the file is alive.
  if (folder_.exists(name)) {
    const auto old = folder_.open_file(name);
    if (!old || !os::try_lock(old.get(), true) ||
        (!settings_.target.empty() && !may_be_unfinished(old.get())))
      throw error(errc::backup_failed, folder_.path_of(name).string() + " is in the way");
    folder_.remove(name);
  }
  made_.push_back({name, os::pinned_file(folder_.create(name))});
  const int fd = made_.back().fd.get();
  if (!os::try_lock(fd, true))
    throw error(errc::backup_failed,
                "another backup into " + folder_.path_of(name).string() + " runs");
  return fd;
}

void backup_job::begin_copy() {
  auto raw = name_;
  if (settings_.compress) {
    // In a folder of backups a name without that suffix is this one's, too; elsewhere it is another backup's.
    if (settings_.target.empty())
      raw.resize(raw.size() - zstd_suffix.size());
    else
      raw += raw_suffix;
  }
  raw_fd_ = make(raw + std::string(partial_suffix));
  final_fd_ = raw_fd_;
  const std::string what = "cannot begin the copy";
  copy_ = sqlite::open_database(vfs::fd_database_name(raw_fd_), SQLITE_OPEN_READWRITE,
                                vfs::register_fd_vfs(), what);
  // No journal: a failed copy is removed, not rolled back. No sync: one at the end.
  sqlite::run_sql(copy_.get(),
                  "PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA cache_size = -2048",
                  what);
  backup_.reset(sqlite3_backup_init(copy_.get(), "main", source_.get(), "main"));
  if (!backup_)
    sqlite::throw_sqlite(sqlite3_errcode(copy_.get()), copy_.get(), what);
}

bool backup_job::step() {
  if (phase_ == phase::done || phase_ == phase::failed)
    throw error(errc::invalid_state, "the backup is over");
  try {
    check_cancelled();
    switch (phase_) {
    case phase::copy: copy(); break;
    case phase::count: count(); break;
    case phase::sync:
      at("sync");
      os::sync_file(raw_fd_, name_);
      phase_ = phase::verify;
      break;
    case phase::verify: verify(); break;
    default: publish(); break;
    }
    return phase_ != phase::done;
  } catch (const error& e) {
    auto info = e.info();
    info.message += undo();
    throw error(std::move(info));
  } catch (const std::exception& e) {
    const auto more = undo();
    throw error(errc::backup_failed, e.what() + more);
  }
}

void backup_job::copy() {
  at("page");
  look_at_wal();
  refuse_long_wal();
  const int pages = hurried_ ? std::max(settings_.pages_per_step, defaults::backup_hurried_pages)
                             : settings_.pages_per_step;
  DBENGINE_FAULT_POINT("backup.step");
  const int rc = sqlite3_backup_step(backup_.get(), pages);
  const auto total = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup_.get()));
  pages_total_.store(total, std::memory_order_relaxed);
  pages_done_.store(total - static_cast<std::uint64_t>(sqlite3_backup_remaining(backup_.get())),
                    std::memory_order_relaxed);
  if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
    return;
  if (rc != SQLITE_DONE)
    sqlite::throw_sqlite(rc, copy_.get(), "copying pages failed");
  backup_.reset();
  copy_.reset();
  phase_ = phase::count;
}

// The file of a WAL that was long once stays as long, so its length at the start says nothing.
void backup_job::look_at_wal() {
  const auto now = wal_bytes();
  hurried_ = hurried_ || now > std::max(settings_.max_wal_bytes, wal_at_start_);
  wal_too_long_ = wal_too_long_ ||
                  (settings_.wal_limit > 0 && now > std::max(settings_.wal_limit, wal_at_start_));
}

void backup_job::refuse_long_wal() const {
  if (wal_too_long_)
    throw error(errc::backup_failed,
                "the write-ahead log grew past " + std::to_string(settings_.wal_limit) +
                    " bytes while the snapshot was copied: the disk is too slow for this writer");
}

std::uint64_t backup_job::wal_bytes() const {
  return settings_.wal_bytes ? settings_.wal_bytes() : wal_size(source_.get());
}

void backup_job::count() {
  at("count");
  look_at_wal();
  refuse_long_wal();
  {
    const scoped_interrupt stop(source_.get(), go_on_);
    try {
      rows_ = count_rows(source_.get());
    } catch (const error&) {
      refuse_long_wal();
      throw;
    }
  }
  refuse_cut_source(); // it may have been cut while it was read
  // The pin ends here.
  source_.reset();
  phase_ = phase::sync;
}

void backup_job::verify() {
  begin_hash();
  at("verify");
  auto found = check_database(raw_fd_, settings_.prepare, go_on_);
  if (!found.unchecked.empty())
    throw error(errc::backup_failed, "the copy cannot be verified: " + found.unchecked);
  // An empty database becomes one page.
  const auto expected = std::max<std::uint64_t>(pages_total_.load(std::memory_order_relaxed), 1);
  if (found.problems.empty() && found.pages != expected)
    found.problems.push_back("it has " + std::to_string(found.pages) + " pages of " +
                             std::to_string(expected));
  if (found.problems.empty() && found.rows != rows_)
    found.problems.push_back("its tables have other numbers of rows than the snapshot");
  if (!found.problems.empty())
    throw error(errc::backup_failed, "the copy does not verify: " + found.problems.front());
  about_.pages = found.pages;
  about_.page_size = found.page_size;
  about_.foreign_key_violations = found.foreign_key_violations;
  about_.foreign_keys_unchecked = std::move(found.foreign_keys_unchecked);
  about_.rows = std::move(rows_);
  while (hashed_.wait_for(between_questions) == std::future_status::timeout)
    may_go_on();
  const auto hashed = hashed_.get();
  about_.sha256 = hashed.sha256_out;
  about_.size = hashed.bytes_out;
  phase_ = phase::publish;
}

std::chrono::milliseconds backup_job::pause() const noexcept {
  return phase_ == phase::copy && !hurried_ ? settings_.pause : std::chrono::milliseconds(0);
}

void backup_job::ask() {
  asked_ = std::chrono::steady_clock::now();
  if (progress_ == nullptr || !*progress_ || thrown_)
    return;
  try {
    if (!(*progress_)(progress()))
      cancel();
  } catch (...) {
    thrown_ = std::current_exception();
    cancel();
  }
}

// Asked many times within long steps.
bool backup_job::may_go_on() {
  const auto now = std::chrono::steady_clock::now();
  if (now - asked_ >= between_questions) {
    ask();
    if (source_ != nullptr) {
      look_at_wal();
      if (wal_too_long_)
        cancel(); // SQLite is between here and `count`, which says why
    }
  }
  // While the snapshot is pinned, a long WAL is worse than a slower writer.
  const bool hurry = hurried_ && source_ != nullptr;
  if (!hurry)
    pace_.pause_if_due();
  return !cancelled_.load(std::memory_order_relaxed);
}

const backup_file& backup_job::run(const progress_callback& progress) {
  progress_ = &progress;
  const struct forget {
    backup_job* job;
    ~forget() { job->progress_ = nullptr; }
  } at_the_end{this};
  try {
    for (;;) {
      pace_.begin();
      if (!step())
        return result_;
      ask();
      if (const auto wait = pause(); wait.count() > 0)
        std::this_thread::sleep_for(wait);
    }
  } catch (...) {
    if (thrown_)
      std::rethrow_exception(thrown_);
    throw;
  }
}

void backup_job::check_cancelled() const {
  if (cancelled_.load(std::memory_order_relaxed))
    throw error(errc::cancelled, "the backup was cancelled");
}

void backup_job::at(std::string_view point) const {
  if (settings_.at)
    settings_.at(point);
}

} // namespace dbengine::backup
