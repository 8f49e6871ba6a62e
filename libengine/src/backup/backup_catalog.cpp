// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/backup_catalog.hpp"

#include "os/pinned_file.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <unistd.h>

namespace dbengine::backup {

namespace {

bool is_there(const std::filesystem::path& folder) {
  std::error_code failed;
  const bool result = std::filesystem::exists(folder, failed);
  if (failed)
    os::throw_errno(failed.value(), "cannot check the directory " + folder.string());
  return result;
}

std::vector<std::string> leftovers_in(const os::directory& folder) {
  std::vector<std::string> result;
  for (auto& name : folder.names()) {
    // A backup is never a folder: a folder of that name belongs to another program and must not
    // stop every backup.
    bool dead = is_partial_name(name) && !folder.is_folder(name);
    if (!dead && name.ends_with(manifest_suffix)) {
      const auto file = name.substr(0, name.size() - manifest_suffix.size());
      std::string ignored;
      dead =
          backup_name::parse(file) && !folder.exists(file) && read_manifest(folder, file, ignored);
    }
    if (dead)
      result.push_back(std::move(name));
  }
  return result;
}

} // namespace

bool is_orphan(const os::directory& folder, const std::string& file) {
  std::string ignored;
  const auto about = folder.exists(file) ? std::nullopt : read_manifest(folder, file, ignored);
  return about && about->file == file;
}

std::optional<wall_time> newest_verified(const std::filesystem::path& folder,
                                         const backup_source& source) {
  if (is_there(folder))
    for (const auto& e : read_catalog(os::directory::open(folder, false)))
      if (e.file.verified && source.owns(*e.about))
        return e.about->started;
  return std::nullopt;
}

std::optional<manifest> read_manifest(const os::directory& folder, const std::string& file,
                                      std::string& problem) {
  const auto name = file + std::string(manifest_suffix);
  const auto fd = folder.open_file(name);
  if (!fd) {
    if (folder.exists(name))
      problem = "the manifest " + name + " cannot be read";
    return std::nullopt;
  }
  const auto size = os::file_size(fd.get());
  if (size > max_manifest_bytes) {
    problem = "the manifest " + name + " is too large";
    return std::nullopt;
  }
  std::string text(size, '\0');
  std::size_t got = 0;
  while (got < text.size()) {
    const auto n = pread(fd.get(), text.data() + got, text.size() - got, static_cast<off_t>(got));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      os::throw_errno(errno, "cannot read the manifest " + folder.path_of(name).string());
    if (n == 0)
      break;
    got += static_cast<std::size_t>(n);
  }
  text.resize(got);
  std::string why;
  auto result = manifest::parse(text, why);
  if (!result)
    problem = "the manifest " + name + " is broken: " + why;
  return result;
}

std::vector<catalog_entry> read_catalog(const os::directory& folder) {
  std::vector<catalog_entry> result;
  for (auto& text : folder.names()) {
    const auto name = backup_name::parse(text);
    if (!name)
      continue;
    const auto size = folder.size_of(text);
    if (!size)
      continue;
    catalog_entry e;
    e.name = *name;
    std::string ignored;
    e.about = read_manifest(folder, text, ignored);
    e.file.path = folder.path_of(text);
    e.file.time = name->time;
    e.file.size_bytes = *size;
    e.file.compressed = name->compressed;
    if (e.about) {
      e.file.verified = e.about->verified && e.about->file == text && e.about->size == *size;
      e.file.sha256 = e.about->sha256;
      e.file.pages = e.about->pages;
    }
    e.file.filename = std::move(text);
    result.push_back(std::move(e));
  }
  std::sort(result.begin(), result.end(),
            [](const auto& a, const auto& b) { return a.name > b.name; });
  return result;
}

std::vector<backup_file> list_backups(const std::filesystem::path& folder,
                                      const backup_source& source) {
  std::vector<backup_file> result;
  if (!is_there(folder))
    return result;
  for (auto& e : read_catalog(os::directory::open(folder, false)))
    if (source.path.empty() || !e.about || source.owns(*e.about))
      result.push_back(std::move(e.file));
  return result;
}

std::vector<std::string> remove_leftovers(const os::directory& folder) {
  std::vector<std::string> removed;
  for (auto& name : leftovers_in(folder)) {
    // A file whose maker holds its lock is not a leftover: the process is alive, although the lock
    // file was removed.
    const auto file = os::pinned_file::open(folder, name);
    if (file && !os::try_lock(file.get(), true))
      continue;
    if (folder.remove(name))
      removed.push_back(std::move(name));
  }
  if (!removed.empty())
    folder.sync();
  return removed;
}

std::vector<std::string> clean_backup_directory(const std::filesystem::path& folder) {
  if (!is_there(folder))
    return {};
  const auto opened = os::directory::open(folder, false);
  // A folder of that name may belong to another program: nothing is created in it, not even the
  // lock file, unless there is something to remove.
  if (leftovers_in(opened).empty())
    return {};
  const os::pinned_file lock(opened.lock(backup_lock_name));
  return lock ? remove_leftovers(opened) : std::vector<std::string>{};
}

} // namespace dbengine::backup
