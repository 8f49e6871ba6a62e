// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/backup_job.hpp"

#include "base/fault.hpp"

#include <algorithm>
#include <cerrno>
#include <sqlite3.h>
#include <string_view>
#include <thread>
#include <unistd.h>

namespace dbengine::backup {

namespace {

constexpr std::string_view raw_suffix = ".raw";
constexpr std::string_view zstd_suffix = ".zst";

std::string with_suffix(const std::string& name, std::string_view suffix) {
  return name + std::string(suffix);
}

void write_text(int fd, std::string_view text) {
  off_t at = 0;
  while (!text.empty()) {
    const auto n = pwrite(fd, text.data(), text.size(), at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      os::throw_errno(errno, "cannot write the manifest");
    text.remove_prefix(static_cast<std::size_t>(n));
    at += n;
  }
}

} // namespace

backup_job::backup_job(backup_settings settings, os::directory folder)
    : settings_(std::move(settings)), folder_(std::move(folder)),
      check_([this] { return may_continue(); }),
      growth_(settings_.max_wal_bytes, settings_.wal_limit),
      pace_(settings_.pause, settings_.commits), files_(folder_, !settings_.has_target()),
      snapshot_(settings_) {}

backup_job::~backup_job() {
  if (phase_ != phase::done)
    undo();
}

// -- start ----------------------------------------------------------------------------------------

std::unique_ptr<backup_job> backup_job::start(backup_settings settings) {
  if (settings.pages_per_step < 1)
    throw error(errc::invalid_option, "backup_pages_per_step must be at least 1");
  const bool has_target = settings.has_target();
  const auto parent = settings.target.parent_path();
  auto folder = has_target ? os::directory::open(parent.empty() ? "." : parent, false)
                           : os::directory::open(settings.directory, true);
  std::unique_ptr<backup_job> job(new backup_job(std::move(settings), std::move(folder)));
  job->settings_.pass_point("directory");
  if (!has_target) {
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
  snapshot_.open();
  growth_.start(snapshot_.wal_bytes());
  auto& source = settings_.source;
  if (source.path.empty())
    source = source_of(snapshot_.path());
  about_.started = snapshot_.started();
  about_.source = source.path;
  about_.source_folder = source.folder.value_or("");
}

void backup_job::choose_name() {
  if (!settings_.has_target()) {
    choose_name_in_folder();
    return;
  }
  os::refuse_nul(settings_.target);
  name_ = settings_.target.filename().string();
  const auto beside = with_suffix(name_, manifest_suffix);
  for (const auto& taken : {name_, beside})
    if (name_.empty() || (folder_.exists(taken) && !(taken == beside && is_orphan(folder_, name_))))
      throw error(errc::backup_failed, folder_.path_of(taken).string() + " exists already");
}

void backup_job::choose_name_in_folder() {
  backup_name name{.time = std::chrono::floor<std::chrono::seconds>(about_.started),
                   .compressed = settings_.compress};
  // The name is never before the newest one: if the clock was set back, retention would remove the
  // newest backup.
  for (const auto& e : read_catalog(folder_))
    if (e.about && settings_.source.owns(*e.about) && e.name.time >= name.time) {
      name = e.name;
      name.compressed = settings_.compress;
      if (name.number++ == backup_name::max_number)
        name = {.time = name.time + std::chrono::seconds(1), .compressed = name.compressed};
      break;
    }
  // Any file with that name makes the name unavailable: another database's backup, compressed or
  // not, or a link.
  const auto is_taken = [&](bool compressed) {
    const auto text = backup_name{name.time, name.number, compressed}.str();
    return folder_.exists(text) || folder_.exists(with_suffix(text, manifest_suffix));
  };
  while (is_taken(false) || is_taken(true))
    ++name.number;
  name_ = name.str();
  if (!backup_name::parse(name_))
    throw error(errc::backup_failed, "no name is left after the newest one in " +
                                         folder_.path().string() + ": " + name_);
  result_.time = name.time;
}

void backup_job::begin_copy() {
  auto raw = name_;
  if (settings_.compress) {
    // In a backup folder the name without that suffix also belongs to this backup; elsewhere it may
    // belong to another backup.
    if (settings_.has_target())
      raw += raw_suffix;
    else
      raw.resize(raw.size() - zstd_suffix.size());
  }
  raw_fd_ = files_.create(with_suffix(raw, partial_suffix));
  final_fd_ = raw_fd_;
  copy_.begin(snapshot_.db(), raw_fd_);
}

// -- steps ----------------------------------------------------------------------------------------

bool backup_job::step() {
  if (phase_ == phase::done || phase_ == phase::failed)
    throw error(errc::invalid_state, "the backup has ended");
  try {
    progress_.throw_if_cancelled();
    switch (phase_) {
    case phase::copy: copy(); break;
    case phase::count: count(); break;
    case phase::sync:
      settings_.pass_point("sync");
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
  settings_.pass_point("page");
  update_wal_growth();
  growth_.throw_if_exceeded();
  const int pages = growth_.is_urgent()
                        ? std::max(settings_.pages_per_step, defaults::backup_hurried_pages)
                        : settings_.pages_per_step;
  DBENGINE_FAULT_POINT("backup.step");
  const bool complete = copy_.step(pages);
  progress_.set_pages(copy_.pages_done(), copy_.pages_total());
  if (!complete)
    return;
  copy_.end();
  phase_ = phase::count;
}

void backup_job::count() {
  settings_.pass_point("count");
  update_wal_growth();
  growth_.throw_if_exceeded();
  {
    const scoped_interrupt interrupt(snapshot_.db(), check_);
    try {
      rows_ = count_rows(snapshot_.db());
    } catch (const error&) {
      growth_.throw_if_exceeded(); // the reason for the interrupt
      throw;
    }
  }
  snapshot_.throw_if_truncated(); // it may have been truncated during the reading
  snapshot_.close();
  phase_ = phase::sync;
}

void backup_job::verify() {
  begin_hash();
  settings_.pass_point("verify");
  auto found = check_copy();
  about_.pages = found.pages;
  about_.page_size = found.page_size;
  about_.foreign_key_violations = found.foreign_key_violations;
  about_.foreign_keys_unchecked = std::move(found.foreign_keys_unchecked);
  about_.rows = std::move(rows_);
  const auto hashed = hash_.wait(job_progress::interval);
  about_.sha256 = hashed.sha256_out;
  about_.size = hashed.bytes_out;
  phase_ = phase::publish;
}

database_check backup_job::check_copy() {
  auto found = check_database(raw_fd_, settings_.prepare, check_);
  if (!found.unchecked.empty())
    throw error(errc::backup_failed, "the copy cannot be verified: " + found.unchecked);
  // An empty database becomes one page.
  const auto expected = std::max<std::uint64_t>(progress_.pages().pages_total, 1);
  if (found.problems.empty() && found.pages != expected)
    found.problems.push_back("it has " + std::to_string(found.pages) + " pages of " +
                             std::to_string(expected));
  if (found.problems.empty() && found.rows != rows_)
    found.problems.push_back("the numbers of rows in its tables differ from those of the snapshot");
  if (!found.problems.empty())
    throw error(errc::backup_failed, "the copy does not verify: " + found.problems.front());
  return found;
}

void backup_job::begin_hash() {
  settings_.pass_point("hash");
  if (settings_.compress)
    final_fd_ = files_.create(with_suffix(name_, partial_suffix));
  hash_.start(
      settings_, raw_fd_, final_fd_, name_, [this] { return progress_.is_cancelled(); }, check_);
}

void backup_job::publish() {
  settings_.pass_point("manifest");
  const auto beside = with_suffix(name_, manifest_suffix);
  write_manifest(beside);
  settings_.pass_point("rename");
  if (!folder_.in_place())
    throw error(errc::backup_failed, "the directory " + folder_.path().string() +
                                         " was moved or deleted during the backup");
  // The manifest of a backup outside a backup folder whose process ended between the two renames.
  // The lock on the unfinished file excludes other backups.
  if (settings_.has_target() && is_orphan(folder_, name_))
    folder_.remove(beside);
  // The manifest comes first and is on the disk before the backup: a manifest without its backup is
  // removed as a leftover, but a backup without its manifest would stay for ever.
  files_.rename(with_suffix(beside, partial_suffix), beside);
  folder_.sync();
  settings_.pass_point("publish");
  // This happens before the backup has its name: if the process is killed in between, the next
  // backup under that name removes the leftover.
  if (raw_fd_ != final_fd_)
    files_.remove(raw_fd_);
  files_.rename(with_suffix(name_, partial_suffix), name_);
  folder_.sync();
  settings_.pass_point("done");
  fill_result();
  files_.keep_all();
  lock_.reset();
  phase_ = phase::done;
}

void backup_job::write_manifest(const std::string& name) {
  about_.file = name_;
  about_.compressed = settings_.compress;
  about_.verified = true;
  about_.engine_version = settings_.engine_version;
  about_.sqlite_version = sqlite3_libversion();
  about_.duration = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - snapshot_.pinned_at());
  const int fd = files_.create(with_suffix(name, partial_suffix));
  write_text(fd, about_.to_json());
  os::sync_file(fd, name);
}

void backup_job::fill_result() {
  result_.filename = name_;
  result_.path = folder_.path_of(name_);
  result_.size_bytes = about_.size;
  if (settings_.has_target())
    result_.time = about_.started;
  result_.verified = true;
  result_.sha256 = about_.sha256;
  result_.pages = about_.pages;
  result_.compressed = about_.compressed;
}

std::string backup_job::undo() noexcept {
  phase_ = phase::failed;
  hash_.stop();
  copy_.end();
  snapshot_.close();
  auto trouble = files_.remove_all();
  lock_.reset();
  return trouble;
}

// -- pace and progress ----------------------------------------------------------------------------

std::chrono::milliseconds backup_job::pause() const noexcept {
  return phase_ == phase::copy && !growth_.is_urgent() ? settings_.pause
                                                       : std::chrono::milliseconds(0);
}

// Called many times within long steps.
bool backup_job::may_continue() {
  if (progress_.is_report_due()) {
    progress_.report();
    if (snapshot_.is_open()) {
      update_wal_growth();
      if (growth_.exceeds_limit())
        cancel(); // SQLite is between here and `count`, which throws the reason
    }
  }
  // While the snapshot is pinned, a long WAL is worse than a slower writer.
  const bool hurry = growth_.is_urgent() && snapshot_.is_open();
  if (!hurry)
    pace_.pause_if_due();
  return !progress_.is_cancelled();
}

const backup_file& backup_job::run(const progress_callback& progress) {
  progress_.set_callback(&progress);
  const struct callback_scope {
    job_progress& progress;
    ~callback_scope() { progress.set_callback(nullptr); }
  } scope{progress_};
  try {
    for (;;) {
      pace_.begin();
      if (!step())
        return result_;
      progress_.report();
      if (const auto wait = pause(); wait.count() > 0)
        std::this_thread::sleep_for(wait);
    }
  } catch (...) {
    progress_.rethrow_callback_exception();
    throw;
  }
}

} // namespace dbengine::backup
