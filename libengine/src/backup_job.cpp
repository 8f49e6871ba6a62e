// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup_job.hpp"

#include "backup_stream.hpp"
#include "fault.hpp"
#include "fd_vfs.hpp"

#include <algorithm>
#include <cerrno>
#include <sqlite3.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace dbengine::detail {

namespace {

constexpr std::chrono::milliseconds between_questions{20};
constexpr std::string_view raw_suffix = ".raw";
constexpr std::string_view zstd_suffix = ".zst";

void write_text(int fd, std::string_view text) {
  off_t at = 0;
  while (!text.empty()) {
    const auto n = pwrite(fd, text.data(), text.size(), at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      throw_errno(errno, "cannot write the manifest");
    text.remove_prefix(static_cast<std::size_t>(n));
    at += n;
  }
}

std::uint64_t wal_size(sqlite3* db) {
  struct stat s {};
  const char* name = sqlite3_filename_wal(sqlite3_db_filename(db, "main"));
  return name != nullptr && stat(name, &s) == 0 ? static_cast<std::uint64_t>(s.st_size) : 0;
}

} // namespace

void backup_job::end_backup::operator()(sqlite3_backup* b) const noexcept {
  sqlite3_backup_finish(b);
}

backup_job::backup_job(backup_settings settings, directory folder)
    : settings_(std::move(settings)), folder_(std::move(folder)),
      go_on_([this] { return may_go_on(); }), begun_(std::chrono::steady_clock::now()) {}

backup_job::~backup_job() {
  if (phase_ != phase::done)
    undo();
}

std::unique_ptr<backup_job> backup_job::start(backup_settings settings) {
  if (settings.pages_per_step < 1)
    throw error(errc::invalid_option, "backup_pages_per_step must be at least 1");
  const bool named = !settings.target.empty();
  auto folder =
      named ? directory::open(std::filesystem::absolute(settings.target).parent_path(), false)
            : directory::open(settings.directory, true);
  std::unique_ptr<backup_job> job(new backup_job(std::move(settings), std::move(folder)));
  job->at("directory");
  if (!named) {
    job->lock_ = held_file(job->folder_.lock(backup_lock_name));
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
  const auto& s = settings_;
  const auto what = "cannot open " + s.database + " for a backup";
  at("open");
  source_ = open_database(s.database, SQLITE_OPEN_READONLY | s.open_flags,
                          s.vfs.empty() ? nullptr : s.vfs.c_str(), what);
  sqlite3_busy_timeout(source_.get(), static_cast<int>(defaults::backup_busy_timeout.count()));
  if (s.prepare)
    s.prepare(source_.get());
  at("pin");
  begun_ = std::chrono::steady_clock::now();
  about_.started = s.now();
  run_sql(source_.get(), "BEGIN; SELECT count(*) FROM sqlite_schema", what);
  wal_at_start_ = wal_bytes();
  about_.source =
      s.source.empty() ? source_identity(sqlite3_db_filename(source_.get(), "main")) : s.source;
}

void backup_job::choose_name() {
  if (!settings_.target.empty()) {
    name_ = settings_.target.filename().string();
    for (const auto& taken : {name_, name_ + std::string(manifest_suffix)})
      if (name_.empty() || folder_.exists(taken))
        throw error(errc::backup_failed, folder_.path_of(taken).string() + " exists already");
    return;
  }
  backup_name name{.time = std::chrono::floor<std::chrono::seconds>(about_.started),
                   .compressed = settings_.compress};
  // Never before the newest one, or a clock that was set back would let retention remove what is newest.
  for (const auto& e : read_catalog(folder_))
    if (e.about && e.about->source == about_.source && e.name.time >= name.time) {
      name.time = e.name.time;
      name.number = e.name.number + 1;
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
  result_.time = name.time;
}

int backup_job::make(const std::string& name) {
  // Backups into a path of the user's take no directory lock: there, whoever holds the file is alive.
  if (folder_.exists(name)) {
    const auto old = folder_.open_file(name);
    if (!old || !try_lock(old.get(), true))
      throw error(errc::backup_failed, folder_.path_of(name).string() + " is in the way");
    folder_.remove(name);
  }
  made_.push_back({name, held_file(folder_.create(name))});
  const int fd = made_.back().fd.get();
  if (!try_lock(fd, true))
    throw error(errc::backup_failed,
                "another backup into " + folder_.path_of(name).string() + " runs");
  return fd;
}

void backup_job::begin_copy() {
  auto raw = name_;
  if (settings_.compress) {
    if (raw.ends_with(zstd_suffix))
      raw.resize(raw.size() - zstd_suffix.size());
    else
      raw += raw_suffix;
  }
  raw_fd_ = make(raw + std::string(partial_suffix));
  final_fd_ = raw_fd_;
  const std::string what = "cannot begin the copy";
  copy_ = open_database(fd_database_name(raw_fd_), SQLITE_OPEN_READWRITE, register_fd_vfs(), what);
  // No journal: a failed copy is removed, not rolled back. No sync: one at the end.
  run_sql(copy_.get(),
          "PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA cache_size = -2048", what);
  backup_.reset(sqlite3_backup_init(copy_.get(), "main", source_.get(), "main"));
  if (!backup_)
    throw_sqlite(sqlite3_errcode(copy_.get()), copy_.get(), what);
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
      sync_file(raw_fd_, name_);
      phase_ = phase::verify;
      break;
    case phase::verify: verify(); break;
    case phase::hash: hash(); break;
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
  // The file of a WAL that was long once stays as long, so its length at the start says nothing.
  hurried_ = hurried_ || wal_bytes() > std::max(settings_.max_wal_bytes, wal_at_start_);
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
    throw_sqlite(rc, copy_.get(), "copying pages failed");
  backup_.reset();
  copy_.reset();
  phase_ = phase::count;
}

std::uint64_t backup_job::wal_bytes() const {
  return settings_.wal_bytes ? settings_.wal_bytes() : wal_size(source_.get());
}

void backup_job::count() {
  at("count");
  {
    const interruption stop(source_.get(), go_on_);
    rows_ = count_rows(source_.get());
  }
  // The pin ends here.
  source_.reset();
  phase_ = phase::sync;
}

void backup_job::verify() {
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
  phase_ = phase::hash;
}

void backup_job::hash() {
  at("hash");
  const stream_progress asked = [this](std::uint64_t) { return go_on_(); };
  stream_result done;
  if (!settings_.compress) {
    done = stream(stream_kind::plain, raw_fd_, -1, asked);
  } else {
    final_fd_ = make(name_ + std::string(partial_suffix));
    done = stream(stream_kind::compress, raw_fd_, final_fd_, asked);
    sync_file(final_fd_, name_);
    if (stream(stream_kind::unpack, final_fd_, -1, asked).sha256_out != done.sha256_in)
      throw error(errc::backup_failed, "the compressed copy does not unpack to what went in");
  }
  about_.sha256 = done.sha256_out;
  about_.size = done.bytes_out;
  phase_ = phase::publish;
}

void backup_job::publish() {
  about_.file = name_;
  about_.compressed = settings_.compress;
  about_.verified = true;
  about_.engine_version = settings_.engine_version;
  about_.sqlite_version = sqlite3_libversion();
  about_.duration = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun_);
  at("manifest");
  const auto beside = name_ + std::string(manifest_suffix);
  const int fd = make(beside + std::string(partial_suffix));
  write_text(fd, about_.to_json());
  sync_file(fd, beside);
  at("rename");
  if (!folder_.in_place())
    throw error(errc::backup_failed,
                "the directory " + folder_.path().string() + " was moved or deleted meanwhile");
  // The manifest first: a manifest without its backup is swept up, a backup without its manifest would stay for good.
  rename(beside + std::string(partial_suffix), beside);
  at("publish");
  rename(name_ + std::string(partial_suffix), name_);
  for (auto i = made_.begin(); i != made_.end();)
    if (i->fd.get() == raw_fd_ && raw_fd_ != final_fd_) {
      folder_.remove(i->name);
      i = made_.erase(i);
    } else {
      ++i;
    }
  folder_.sync();
  at("done");
  result_.filename = name_;
  result_.path = folder_.path_of(name_);
  result_.size_bytes = about_.size;
  if (!settings_.target.empty())
    result_.time = about_.started;
  result_.verified = true;
  result_.sha256 = about_.sha256;
  result_.pages = about_.pages;
  result_.compressed = about_.compressed;
  made_.clear();
  lock_.reset();
  phase_ = phase::done;
}

void backup_job::rename(const std::string& from, const std::string& to) {
  const auto made =
      std::find_if(made_.begin(), made_.end(), [&](const auto& m) { return m.name == from; });
  // Looked at before, so that no foreign file gets the name, and after, in case it was swapped in between.
  bool ours = folder_.is_same(from, made->fd.get());
  if (ours) {
    folder_.rename(from, to);
    made->name = to;
    ours = folder_.is_same(to, made->fd.get());
  }
  if (!ours)
    throw error(errc::backup_failed, "somebody put another file in the place of " + from);
}

std::string backup_job::undo() noexcept {
  std::string trouble;
  phase_ = phase::failed;
  backup_.reset();
  copy_.reset();
  source_.reset();
  for (auto& m : made_) {
    try {
      // A name that leads elsewhere by now is not this job's.
      if (folder_.is_same(m.name, m.fd.get()))
        folder_.remove(m.name);
    } catch (const std::exception& e) {
      trouble += std::string("; ") + e.what();
    }
  }
  made_.clear();
  lock_.reset();
  return trouble;
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
  if (now - asked_ >= between_questions)
    ask();
  // While the snapshot is pinned, a long WAL is worse than a slower writer.
  const bool hurry = hurried_ && source_ != nullptr;
  if (!hurry && settings_.pause.count() > 0 && now - rested_ >= settings_.pause) {
    std::this_thread::sleep_for(settings_.pause);
    rested_ = std::chrono::steady_clock::now();
  }
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
      rested_ = std::chrono::steady_clock::now();
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

} // namespace dbengine::detail
