// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/job/unfinished_files.hpp"

#include <algorithm>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace dbengine::backup {

namespace {

// A leftover outside a backup folder is a database, whose first page may not have been written, a
// compressed database or a manifest.
bool may_be_unfinished(int fd) {
  char head[16] = {};
  if (pread(fd, head, sizeof head, 0) < 0)
    return false;
  const std::string_view text(head, sizeof head);
  return text.find_first_not_of('\0') == text.npos || text.starts_with("SQLite format 3") ||
         text.starts_with("\x28\xb5\x2f\xfd") || text.starts_with("{\n");
}

} // namespace

int unfinished_files::create(const std::string& name) {
  // A backup outside a backup folder has no lock on the folder: the holder of the file's lock is
  // alive.
  if (folder_->exists(name)) {
    const auto old = folder_->open_file(name);
    if (!old || !os::try_lock(old.get(), true) ||
        (!backup_folder_ && !may_be_unfinished(old.get())))
      throw error(errc::backup_failed, folder_->path_of(name).string() + " exists already");
    folder_->remove(name);
  }
  files_.push_back({name, os::pinned_file(folder_->create(name))});
  const int fd = files_.back().fd.get();
  if (!os::try_lock(fd, true))
    throw error(errc::backup_failed,
                "another backup into " + folder_->path_of(name).string() + " is running");
  return fd;
}

void unfinished_files::rename(const std::string& from, const std::string& to) {
  const auto f =
      std::find_if(files_.begin(), files_.end(), [&](const auto& x) { return x.name == from; });
  // Checked before, so that no foreign file gets the name, and after, in case the file was swapped
  // between the check and the rename.
  bool ours = folder_->is_same(from, f->fd.get());
  std::string name = to; // allocated before: the file must not get a name that is not recorded here
  if (ours) {
    folder_->rename(from, to);
    f->name = std::move(name);
    ours = folder_->is_same(to, f->fd.get());
  }
  if (!ours)
    throw error(errc::backup_failed, from + " was replaced by another process");
}

void unfinished_files::remove(int fd) {
  const auto f =
      std::find_if(files_.begin(), files_.end(), [&](const auto& x) { return x.fd.get() == fd; });
  if (folder_->is_same(f->name, fd))
    folder_->remove(f->name);
  files_.erase(f);
}

std::string unfinished_files::remove_all() noexcept {
  std::string trouble;
  for (auto& f : files_) {
    try {
      // If the name now leads to another file, it does not belong to this backup.
      if (folder_->is_same(f.name, f.fd.get()))
        folder_->remove(f.name);
    } catch (const std::exception& e) {
      trouble += std::string("; ") + e.what();
    }
  }
  files_.clear();
  return trouble;
}

} // namespace dbengine::backup
