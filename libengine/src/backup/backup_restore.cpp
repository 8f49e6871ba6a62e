// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/backup_restore.hpp"

#include "backup/backup_check.hpp"
#include "os/file_lock.hpp"
#include "os/open_files.hpp"
#include "os/pinned_file.hpp"
#include "sqlite/url.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace dbengine::backup {

namespace {

// What may lie beside a database and belongs to it. The index of a WAL is rebuilt from the WAL.
constexpr std::array<std::string_view, 2> companions = {"-wal", "-journal"};
constexpr std::string_view wal_index = "-shm";
constexpr std::string_view marker_text = "dbengine restore\n";

struct restoration {
  const restore_settings& settings;
  os::directory folder;
  std::string name;
  restore_names beside = restore_names(name);
  std::string partial = beside.partial;
  std::string old = beside.old;
  bool replaces = false;
  bool marked = false;
  // The new file and, from `keep_old` on, the old one: what their names lead to is compared with these.
  os::pinned_file fresh = {};
  os::pinned_file before = {};

  void at(std::string_view point) const {
    if (settings.at)
      settings.at(point);
  }
  std::string path() const { return folder.path_of(name).string(); }

  void mark();
  void unmark() const;
  void copy();
  sqlite::database_handle guard();
  void refuse_users() const;
  void keep_old(bool merged);
  void take_name(bool& moved) const;
  void put_back(bool moved) const;
  void check_new() const;
};

[[noreturn]] void refuse(errc code, const std::string& path, const std::string& why) {
  throw error(code, "cannot restore into " + path + ": " + why);
}

std::vector<std::string> old_names(const std::string& name) {
  std::vector<std::string> result{restore_names(name).old};
  for (const auto suffix : companions)
    result.push_back(result.front() + std::string(suffix));
  return result;
}

void restoration::mark() {
  at("mark");
  auto names = old_names(name);
  names.push_back(partial);
  names.push_back(beside.marker);
  for (const auto& taken : names)
    if (folder.exists(taken))
      refuse(errc::backup_failed, path(), folder.path_of(taken).string() + " is in the way");
  const auto fd = folder.create(beside.marker);
  marked = true;
  if (pwrite(fd.get(), marker_text.data(), marker_text.size(), 0) !=
      static_cast<ssize_t>(marker_text.size()))
    os::throw_errno(errno, "cannot write " + folder.path_of(beside.marker).string());
  os::sync_file(fd.get(), beside.marker);
  folder.sync();
}

// Last: what it vouches for must be gone for good by then.
void restoration::unmark() const {
  if (!marked)
    return;
  folder.sync();
  folder.remove(beside.marker);
}

// One whose maker died is empty, one that lived through a power cut may have its length and zeros in it: nothing lies beside it
// then, as it is synced before anything is made.
bool is_marked(const os::directory& folder, const std::string& name) {
  const auto fd = folder.open_file(restore_names(name).marker);
  if (!fd)
    return false;
  char text[marker_text.size() + 1];
  const auto n = pread(fd.get(), text, sizeof text, 0);
  const std::string_view found(text, n < 0 ? 0 : static_cast<std::size_t>(n));
  return n >= 0 &&
         (marker_text.starts_with(found) ||
          (found.size() <= marker_text.size() && found.find_first_not_of('\0') == found.npos));
}

// The new file, whole, verified and on the disk, under its unfinished name.
void restoration::copy() {
  fresh = os::pinned_file(folder.create(partial));
  const auto& fd = fresh;
  at("copy");
  const auto report =
      inspect_backup(settings.backup, fd.get(), settings.prepare, settings.progress);
  if (!report.ok)
    throw error(errc::backup_failed, "the backup does not verify: " + report.problems.front());
  // As a database in rollback mode, whatever the file was: two bytes of its header (file format, 1.3.3).
  if (pwrite(fd.get(), "\x01\x01", 2, 18) != 2)
    os::throw_errno(errno, "cannot write " + folder.path_of(partial).string());
  struct stat s {};
  if (replaces && fstatat(folder.fd(), name.c_str(), &s, AT_SYMLINK_NOFOLLOW) == 0) {
    // Only a privileged process may give files away, or to a group that it is not in; for others they stay.
    // One by one: the group may be possible where the owner is not.
    constexpr auto same = static_cast<uid_t>(-1);
    for (const auto& [user, group] : {std::pair(same, s.st_gid), std::pair(s.st_uid, gid_t{same})})
      if (fchown(fd.get(), user, group) != 0 && errno != EPERM)
        os::throw_errno(errno, "cannot set the owner of " + folder.path_of(partial).string());
    if (fchmod(fd.get(), s.st_mode & 0777) != 0)
      os::throw_errno(errno, "cannot set the mode of " + folder.path_of(partial).string());
  }
  at("sync");
  os::sync_file(fd.get(), partial);
}

// A file in rollback mode that a program has open and does not use right now has no lock of that program's.
void restoration::refuse_users() const {
  if (os::is_open_elsewhere(before.get()))
    refuse(errc::locked, path(), "another program has it open");
}

// Keeps other programs out of the old file. None where it is too damaged to be opened.
sqlite::database_handle restoration::guard() {
  at("guard");
  before = os::pinned_file::open(folder, name);
  if (!before)
    refuse(errc::backup_failed, path(), "it cannot be read");
  if (!os::try_lock(before.get(), true))
    refuse(errc::locked, path(), "a read-only engine has it open, or it is being verified");
  if (os::locked_by_engine(before.get()))
    refuse(errc::locked, path(),
           "an engine has it open by another name, or its lock file was removed");
  refuse_users();
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

void restoration::keep_old(bool merged) {
  at("keep");
  folder.link(name, old);
  if (!folder.is_same(old, before.get()))
    refuse(errc::backup_failed, path(), "somebody put another file in its place");
  if (!merged)
    for (const auto suffix : companions)
      if (folder.exists(name + std::string(suffix)))
        folder.replace(name + std::string(suffix), old + std::string(suffix));
  folder.remove(name + std::string(wal_index));
  folder.sync();
}

void restoration::take_name(bool& moved) const {
  at("rename");
  // Looked at before, so that no foreign file or link gets the name, and after, in case it was swapped in between.
  if (folder.is_same(partial, fresh.get())) {
    at("replace");
    if (replaces)
      folder.replace(partial, name);
    else
      folder.rename(partial, name);
    moved = true;
    folder.sync();
    if (folder.is_same(name, fresh.get()))
      return;
  }
  refuse(errc::backup_failed, path(), "somebody put another file in the place of " + partial);
}

// For a foreign file that got the name of the database in a race: as a link it would lead the next opening, and the next
// restore, to somewhere else.
void remove_foreign(const os::directory& folder, const std::string& name,
                    const os::pinned_file& own) {
  if (folder.is_same(name, own.get()))
    return;
  folder.remove(name);
  folder.sync();
}

// `kept` is what the old name led to a moment ago.
void take_back(const os::directory& folder, const std::string& name, const os::pinned_file& kept) {
  const auto old = restore_names(name).old;
  folder.replace(old, name);
  // Two names of one file: then the rename above has done nothing.
  folder.remove(old);
  remove_foreign(folder, name, kept);
  for (const auto suffix : companions)
    if (folder.exists(old + std::string(suffix)))
      folder.replace(old + std::string(suffix), name + std::string(suffix));
  folder.sync();
}

void restoration::put_back(bool moved) const {
  // Under that name may be what somebody else put there.
  if (before && folder.is_same(old, before.get())) {
    at("put_back");
    take_back(folder, name, before);
  } else if (moved)
    remove_foreign(folder, name, fresh);
}

void check_opens(const os::directory& folder, const std::string& name) {
  const std::string what = "the restored file does not open";
  const auto db = sqlite::open_database(folder.path_of(name).string(),
                                        SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW, nullptr, what);
  sqlite::column_of(db.get(), "SELECT count(*) FROM sqlite_schema", what);
}

void restoration::check_new() const {
  at("open");
  check_opens(folder, name);
}

std::vector<std::string> remove_all(const os::directory& folder,
                                    const std::vector<std::string>& names) {
  std::vector<std::string> removed;
  for (const auto& name : names)
    if (folder.remove(name))
      removed.push_back(name);
  if (!removed.empty())
    folder.sync();
  return removed;
}

std::filesystem::path resolved(const std::filesystem::path& target) {
  os::refuse_nul(target);
  std::error_code failed;
  // A name alone is one of the current folder's, though nothing of it exists yet.
  const auto full = std::filesystem::absolute(target, failed);
  auto result = failed ? target : sqlite::resolve_links(full);
  if (failed || result.filename().empty())
    refuse(errc::backup_failed, target.string(), failed ? failed.message() : "it is no file name");
  return result;
}

// Restores that died before their target was there: nobody opens a database that does not exist, so the next restore into the
// folder cleans up after them.
void clean_after_unborn(const os::directory& folder) {
  for (const auto& marker : folder.names()) {
    constexpr std::string_view begin = ".", end = ".dbengine-restore";
    if (!marker.starts_with(begin) || !marker.ends_with(end) ||
        marker.size() <= begin.size() + end.size())
      continue;
    const auto name = marker.substr(begin.size(), marker.size() - begin.size() - end.size());
    if (folder.exists(name))
      continue;
    try {
      const os::file_lock lock(folder.path_of(name));
      clean_after_restore(folder.path_of(name));
    } catch (
        const error&) { // it runs, or is not ours to clean: in nobody's way, and no reason to refuse this one
    }
  }
}

} // namespace

void restore(const restore_settings& settings) {
  const auto target = resolved(settings.target);
  restoration r{.settings = settings,
                .folder = os::directory::open(target.parent_path(), false),
                .name = target.filename().string()};
  // No engine, of this or another process, opens it meanwhile.
  const os::file_lock lock(target);
  clean_after_restore(target);
  clean_after_unborn(r.folder);
  r.replaces = r.folder.exists(r.name);
  if (r.replaces && !settings.force)
    refuse(errc::backup_failed, r.path(), "it exists already");
  if (r.replaces && !r.folder.size_of(r.name))
    refuse(errc::backup_failed, r.path(), "it is no file");
  if (std::error_code e; r.replaces && std::filesystem::equivalent(settings.backup, target, e))
    refuse(errc::backup_failed, r.path(), "it is the backup itself");
  bool moved = false;
  try {
    r.mark();
    r.copy();
    if (!r.replaces) {
      // The copy takes its time: what came meanwhile is not this restore's to replace, nor are its companions.
      if (r.folder.exists(r.name))
        refuse(errc::backup_failed, r.path(), "somebody made it meanwhile");
      // Of a database that is gone: they would be replayed into the new one.
      for (const auto suffix : {companions[0], companions[1], wal_index})
        r.folder.remove(r.name + std::string(suffix));
      r.folder.sync();
      r.take_name(moved);
      r.check_new();
    } else {
      auto guard = r.guard();
      r.keep_old(guard != nullptr);
      r.take_name(moved);
      // The old file is let go only now: who opens the name gets the new one.
      guard.reset();
      // Who opened it while the guard did has it still.
      r.refuse_users();
      r.check_new();
      remove_all(r.folder, old_names(r.name));
    }
    r.at("done");
    r.unmark();
  } catch (...) {
    if (r.replaces)
      r.put_back(moved);
    else if (moved)
      r.folder.remove(r.name);
    if (r.marked)
      r.folder.remove(r.partial);
    r.unmark();
    throw;
  }
}

std::vector<std::string> clean_after_restore(const std::filesystem::path& target) {
  const auto full = resolved(target);
  if (std::error_code ignored; !std::filesystem::exists(full.parent_path(), ignored))
    return {};
  const auto folder = os::directory::open(full.parent_path(), false);
  const auto name = full.filename().string();
  if (!is_marked(folder, name))
    return {};
  const restore_names beside(name);
  const auto old = os::pinned_file::open(folder, beside.old);
  if (old && folder.is_same(name, old.get())) {
    // It died before the new file took the name: the old one stays, with what belongs to it.
    take_back(folder, name, old);
  } else if (old && folder.exists(name)) {
    try {
      check_opens(folder, name);
    } catch (const error& e) {
      if (e.code() != errc::corrupt && e.code() != errc::not_a_database)
        throw;
      take_back(folder, name, old);
    }
  }
  std::vector<std::string> dead{beside.partial};
  // A file that is gone altogether was somebody's deed: then the old one is the last there is.
  if (folder.exists(name))
    for (auto& kept : old_names(name))
      dead.push_back(std::move(kept));
  auto removed = remove_all(folder, dead);
  if (!folder.exists(beside.old) && folder.remove(beside.marker))
    removed.push_back(beside.marker);
  return removed;
}

} // namespace dbengine::backup

namespace dbengine {

void restore_backup(const std::filesystem::path& backup, const std::filesystem::path& target,
                    bool force, const progress_callback& progress) {
  backup::restore({.backup = backup, .target = target, .force = force, .progress = progress});
}

} // namespace dbengine
