// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/restoration.hpp"

#include "backup/backup_check.hpp"
#include "backup/restore_cleanup.hpp"
#include "os/file_lock.hpp"
#include "os/open_files.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace dbengine::backup {

namespace {

[[noreturn]] void refuse(errc code, const std::string& path, const std::string& why) {
  throw error(code, "cannot restore into " + path + ": " + why);
}

} // namespace

restoration::restoration(const restore_settings& settings, const std::filesystem::path& target)
    : settings_(settings), target_(target),
      folder_(os::directory::open(target.parent_path(), false)), name_(target.filename().string()),
      beside_(name_) {}

void restoration::run() {
  replaces_ = folder_.exists(name_);
  if (replaces_ && !settings_.force)
    refuse(errc::backup_failed, path(), "it exists already");
  if (replaces_ && !folder_.size_of(name_))
    refuse(errc::backup_failed, path(), "it is not a file");
  if (std::error_code e; replaces_ && std::filesystem::equivalent(settings_.backup, target_, e))
    refuse(errc::backup_failed, path(), "it is the backup itself");
  try {
    mark();
    copy();
    if (replaces_)
      restore_over();
    else
      restore_new();
    pass_point("done");
    unmark();
  } catch (...) {
    undo();
    throw;
  }
}

void restoration::pass_point(std::string_view point) const {
  if (settings_.at)
    settings_.at(point);
}

// -- 0: the marker --------------------------------------------------------------------------------

void restoration::mark() {
  pass_point("mark");
  auto names = beside_.all_old();
  names.push_back(beside_.partial);
  names.push_back(beside_.marker);
  for (const auto& taken : names)
    if (folder_.exists(taken))
      refuse(errc::backup_failed, path(), folder_.path_of(taken).string() + " exists already");
  const auto fd = folder_.create(beside_.marker);
  marked_ = true;
  if (pwrite(fd.get(), restore_marker_text.data(), restore_marker_text.size(), 0) !=
      static_cast<ssize_t>(restore_marker_text.size()))
    os::throw_errno(errno, "cannot write " + folder_.path_of(beside_.marker).string());
  os::sync_file(fd.get(), beside_.marker);
  folder_.sync();
}

// Last: the removal of the files that the marker covers must be durable by then.
void restoration::unmark() const {
  if (!marked_)
    return;
  folder_.sync();
  folder_.remove(beside_.marker);
}

// -- 1: the new file ------------------------------------------------------------------------------

// Makes the new file under its unfinished name: complete, verified and synced.
void restoration::copy() {
  new_file_ = os::pinned_file(folder_.create(beside_.partial));
  pass_point("copy");
  const auto report =
      inspect_backup(settings_.backup, new_file_.get(), settings_.prepare, settings_.progress);
  if (!report.ok)
    throw error(errc::backup_failed, "the backup does not verify: " + report.problems.front());
  // The copy is set to rollback mode, whatever the file was: two bytes of its header (file format,
  // 1.3.3).
  if (pwrite(new_file_.get(), "\x01\x01", 2, 18) != 2)
    os::throw_errno(errno, "cannot write " + partial_path());
  copy_owner();
  pass_point("sync");
  os::sync_file(new_file_.get(), beside_.partial);
}

// Gives the new file the owner, the group and the mode of the old one. Only a privileged process
// may change the owner of a file, or set a group that it is not in; for others owner and group
// stay.
void restoration::copy_owner() const {
  struct stat s {};
  if (!replaces_ || fstatat(folder_.fd(), name_.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0)
    return;
  // Set separately: the group may be possible if the owner is not.
  constexpr auto same = static_cast<uid_t>(-1);
  for (const auto& [user, group] : {std::pair(same, s.st_gid), std::pair(s.st_uid, gid_t{same})})
    if (fchown(new_file_.get(), user, group) != 0 && errno != EPERM)
      os::throw_errno(errno, "cannot set the owner of " + partial_path());
  if (fchmod(new_file_.get(), s.st_mode & 0777) != 0)
    os::throw_errno(errno, "cannot set the mode of " + partial_path());
}

// -- 2 to 4: the name -----------------------------------------------------------------------------

void restoration::restore_new() {
  // This restore must not replace a file that was made during the copy, nor its companions.
  if (folder_.exists(name_))
    refuse(errc::backup_failed, path(), "another process has created it during the restore");
  // Companions of a database that no longer exists would be replayed into the new one.
  for (const auto suffix : {companion_suffixes[0], companion_suffixes[1], wal_index_suffix})
    folder_.remove(name_ + std::string(suffix));
  folder_.sync();
  take_name();
  check_new();
}

void restoration::restore_over() {
  auto old = lock_old();
  keep_old(old != nullptr);
  take_name();
  // Only now: from here on, opening the name opens the new file.
  old.reset();
  // A program that opened the old file while it was locked still has it.
  throw_if_open_elsewhere();
  check_new();
  remove_all(folder_, beside_.all_old());
}

// Locks the old file against other programs and merges its WAL. Null if the file is too damaged to
// be opened.
sqlite::database_handle restoration::lock_old() {
  pass_point("guard");
  old_file_ = os::pinned_file::open(folder_, name_);
  if (!old_file_)
    refuse(errc::backup_failed, path(), "it cannot be read");
  if (!os::try_lock(old_file_.get(), true))
    refuse(errc::locked, path(), "a read-only engine has it open, or it is being verified");
  if (os::locked_by_engine(old_file_.get()))
    refuse(errc::locked, path(),
           "an engine has it open by another name, or its lock file was removed");
  throw_if_open_elsewhere();
  try {
    auto db = sqlite::open_database(path(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, nullptr,
                                    "cannot open the old file");
    const std::string what = "cannot take the old file";
    sqlite::run_sql(db.get(), "PRAGMA locking_mode = exclusive", what);
    const auto mode = sqlite::column_of(db.get(), "PRAGMA journal_mode = delete", what);
    if (mode.empty() || mode.front() != "delete")
      refuse(errc::locked, path(), "its WAL cannot be merged while another program has it open");
    sqlite::run_sql(db.get(), "BEGIN EXCLUSIVE", what);
    return db;
  } catch (const error& e) {
    if (e.code() == errc::busy)
      refuse(errc::locked, path(), "another program has it open");
    if (e.code() == errc::corrupt || e.code() == errc::not_a_database || e.code() == errc::io)
      return nullptr;
    throw;
  }
}

// A program that has a file in rollback mode open, and does not use it at this moment, has no lock
// on it.
void restoration::throw_if_open_elsewhere() const {
  if (os::is_open_elsewhere(old_file_.get()))
    refuse(errc::locked, path(), "another program has it open");
}

// Gives the old file its second name, with its companions unless they were merged.
void restoration::keep_old(bool merged) {
  pass_point("keep");
  folder_.link(name_, beside_.old);
  if (!folder_.is_same(beside_.old, old_file_.get()))
    refuse(errc::backup_failed, path(), "it was replaced by another process");
  if (!merged)
    for (const auto suffix : companion_suffixes)
      if (folder_.exists(name_ + std::string(suffix)))
        folder_.replace(name_ + std::string(suffix), beside_.old + std::string(suffix));
  folder_.remove(name_ + std::string(wal_index_suffix));
  folder_.sync();
}

// Renames the new file. Checked before, so that no foreign file or link gets the name, and after,
// in case the file was swapped in between.
void restoration::take_name() {
  pass_point("rename");
  if (folder_.is_same(beside_.partial, new_file_.get())) {
    pass_point("replace");
    if (replaces_)
      folder_.replace(beside_.partial, name_);
    else
      folder_.rename(beside_.partial, name_);
    moved_ = true;
    folder_.sync();
    if (folder_.is_same(name_, new_file_.get()))
      return;
  }
  refuse(errc::backup_failed, path(), beside_.partial + " was replaced by another process");
}

void restoration::check_new() const {
  pass_point("open");
  check_opens(folder_, name_);
}

// -- after an error -------------------------------------------------------------------------------

void restoration::undo() {
  // The second name may lead to a file of another process.
  if (replaces_ && old_file_ && folder_.is_same(beside_.old, old_file_.get())) {
    pass_point("put_back");
    restore_old(folder_, name_, old_file_);
  } else if (replaces_ && moved_) {
    remove_foreign(folder_, name_, new_file_);
  } else if (moved_) {
    folder_.remove(name_);
  }
  if (marked_)
    folder_.remove(beside_.partial);
  unmark();
}

} // namespace dbengine::backup
