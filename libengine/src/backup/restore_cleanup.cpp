// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/restore_cleanup.hpp"

#include "backup/restore_names.hpp"
#include "os/file_lock.hpp"
#include "sqlite/plain_database.hpp"
#include "sqlite/url.hpp"

#include <sqlite3.h>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace dbengine::backup {

namespace {

// The marker of a process that was killed is empty or a part of the text; after a power cut it may
// have its length and contain zeros. In those cases no other file exists beside it, because the
// marker is synced before any other file is made.
bool is_marked(const os::directory& folder, const std::string& name) {
  const auto fd = folder.open_file(restore_names(name).marker);
  if (!fd)
    return false;
  char text[restore_marker_text.size() + 1];
  const auto n = pread(fd.get(), text, sizeof text, 0);
  const std::string_view found(text, n < 0 ? 0 : static_cast<std::size_t>(n));
  return n >= 0 &&
         (restore_marker_text.starts_with(found) || (found.size() <= restore_marker_text.size() &&
                                                     found.find_first_not_of('\0') == found.npos));
}

} // namespace

std::filesystem::path resolve_target(const std::filesystem::path& target) {
  os::refuse_nul(target);
  std::error_code failed;
  // A bare name is one of the current folder, even if it does not exist yet.
  const auto full = std::filesystem::absolute(target, failed);
  auto result = failed ? target : sqlite::resolve_links(full);
  if (failed || result.filename().empty())
    throw error(errc::backup_failed, "cannot restore into " + target.string() + ": " +
                                         (failed ? failed.message() : "it is not a file name"));
  return result;
}

void remove_foreign(const os::directory& folder, const std::string& name,
                    const os::pinned_file& own) {
  if (folder.is_same(name, own.get()))
    return;
  folder.remove(name);
  folder.sync();
}

void restore_old(const os::directory& folder, const std::string& name, const os::pinned_file& old) {
  const auto kept = restore_names(name).old;
  folder.replace(kept, name);
  // If both are names of one file, the rename had no effect.
  folder.remove(kept);
  remove_foreign(folder, name, old);
  for (const auto suffix : companion_suffixes)
    if (folder.exists(kept + std::string(suffix)))
      folder.replace(kept + std::string(suffix), name + std::string(suffix));
  folder.sync();
}

void check_opens(const os::directory& folder, const std::string& name) {
  const std::string what = "the restored file does not open";
  const auto db = sqlite::open_database(folder.path_of(name).string(),
                                        SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW, nullptr, what);
  sqlite::column_of(db.get(), "SELECT count(*) FROM sqlite_schema", what);
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

std::vector<std::string> clean_after_restore(const std::filesystem::path& target) {
  const auto full = resolve_target(target);
  if (std::error_code ignored; !std::filesystem::exists(full.parent_path(), ignored))
    return {};
  const auto folder = os::directory::open(full.parent_path(), false);
  const auto name = full.filename().string();
  if (!is_marked(folder, name))
    return {};
  const restore_names beside(name);
  const auto old = os::pinned_file::open(folder, beside.old);
  if (old && folder.is_same(name, old.get())) {
    // The process was killed before the new file took the name: keep the old one and its
    // companions.
    restore_old(folder, name, old);
  } else if (old && folder.exists(name)) {
    try {
      check_opens(folder, name);
    } catch (const error& e) {
      if (e.code() != errc::corrupt && e.code() != errc::not_a_database)
        throw;
      restore_old(folder, name, old);
    }
  }
  std::vector<std::string> leftovers{beside.partial};
  // If the database was removed by another program, the old file is the last one: keep it.
  if (folder.exists(name))
    for (auto& kept : beside.all_old())
      leftovers.push_back(std::move(kept));
  auto removed = remove_all(folder, leftovers);
  if (!folder.exists(beside.old) && folder.remove(beside.marker))
    removed.push_back(beside.marker);
  return removed;
}

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
    } catch (const error&) { // a running restore, or no permission: no reason to refuse another one
    }
  }
}

} // namespace dbengine::backup
