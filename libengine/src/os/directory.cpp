// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "os/directory.hpp"

#include <cerrno>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace dbengine::os {

namespace {

struct stat stat_of(int fd) {
  struct stat s {};
  if (fstat(fd, &s) != 0)
    throw_errno(errno, "cannot read the state of an open file");
  return s;
}

// A new folder is durable when its parent folder is synced.
void sync_parent(const std::filesystem::path& path) {
  const unique_fd above(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!above || fsync(above.get()) != 0)
    throw_errno(errno, "cannot write " + path.parent_path().string() + " to the disk");
}

// Makes each missing level durable.
void make_folder(const std::filesystem::path& path, mode_t mode) {
  int failed = mkdir(path.c_str(), mode) == 0 ? 0 : errno;
  if (failed == ENOENT) {
    make_folder(path.parent_path(), 0777);
    failed = mkdir(path.c_str(), mode) == 0 ? 0 : errno;
  }
  if (failed == 0)
    sync_parent(path);
  else if (failed != EEXIST)
    throw_errno(failed, "cannot make the directory " + path.string());
}

} // namespace

directory directory::open(const std::filesystem::path& path, bool create) {
  refuse_nul(path);
  std::error_code lost;
  auto full = std::filesystem::absolute(path, lost).lexically_normal();
  if (lost)
    throw_errno(lost.value(), path.empty() ? "the name of a directory is missing"
                                           : "cannot find the directory " + path.string());
  if (full.filename().empty() && full.has_relative_path())
    full = full.parent_path();
  const auto shown = "the directory " + full.string();
  if (create)
    make_folder(full, 0700);
  unique_fd fd(::open(full.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) {
    const int number = errno;
    if (std::error_code ignored; std::filesystem::is_symlink(full, ignored))
      throw error(errc::backup_failed,
                  shown + " is a symbolic link: name the directory that it points to");
    throw_errno(number, "cannot open " + shown);
  }
  return {std::move(fd), std::move(full)};
}

unique_fd directory::create(const std::string& name) const {
  unique_fd result(
      openat(fd(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!result)
    throw_errno(errno, "cannot make " + path_of(name).string());
  return result;
}

unique_fd directory::open_file(const std::string& name) const {
  // Non-blocking: opening a pipe under that name would wait for its writer.
  unique_fd result(openat(fd(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!result || !S_ISREG(stat_of(result.get()).st_mode))
    return {};
  return result;
}

unique_fd directory::lock(const std::string& name) const {
  constexpr int flags = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  // The file is empty and is never removed. Another user's lock file works as well: `flock` needs
  // no permission to write.
  unique_fd result(openat(fd(), name.c_str(), O_RDWR | O_CREAT | flags, 0644));
  if (!result && errno == EACCES)
    result = unique_fd(openat(fd(), name.c_str(), O_RDONLY | flags));
  if (!result)
    throw_errno(errno, "cannot open the lock file " + path_of(name).string());
  if (!try_lock(result.get(), true))
    return {};
  return result;
}

bool directory::exists(const std::string& name) const {
  struct stat s {};
  return fstatat(fd(), name.c_str(), &s, AT_SYMLINK_NOFOLLOW) == 0;
}

bool directory::is_folder(const std::string& name) const {
  struct stat s {};
  return fstatat(fd(), name.c_str(), &s, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(s.st_mode);
}

std::optional<std::uint64_t> directory::size_of(const std::string& name) const {
  struct stat s {};
  if (fstatat(fd(), name.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(s.st_mode))
    return std::nullopt;
  return static_cast<std::uint64_t>(s.st_size);
}

bool directory::is_same(const std::string& name, int file) const {
  struct stat there {};
  if (fstatat(fd(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0)
    return false;
  const auto here = stat_of(file);
  return there.st_ino == here.st_ino && there.st_dev == here.st_dev;
}

void directory::rename(const std::string& from, const std::string& to) const {
  if (renameat2(fd(), from.c_str(), fd(), to.c_str(), RENAME_NOREPLACE) == 0)
    return;
  if (errno != EINVAL && errno != ENOSYS)
    throw_errno(errno, "cannot rename " + from + " to " + path_of(to).string());
  // The file system has no RENAME_NOREPLACE: the lock of the directory excludes other engines.
  if (exists(to))
    throw_errno(EEXIST, "cannot rename " + from + " to " + path_of(to).string());
  replace(from, to);
}

void directory::replace(const std::string& from, const std::string& to) const {
  if (renameat(fd(), from.c_str(), fd(), to.c_str()) != 0)
    throw_errno(errno, "cannot rename " + from + " to " + path_of(to).string());
}

void directory::link(const std::string& from, const std::string& to) const {
  if (linkat(fd(), from.c_str(), fd(), to.c_str(), 0) != 0)
    throw_errno(errno, "cannot link " + path_of(from).string() + " as " + to);
}

bool directory::remove(const std::string& name) const {
  if (unlinkat(fd(), name.c_str(), 0) == 0)
    return true;
  if (errno != ENOENT)
    throw_errno(errno, "cannot remove " + path_of(name).string());
  return false;
}

void directory::sync() const {
  if (fsync(fd()) != 0)
    throw_errno(errno, "cannot write the directory " + path_.string() + " to the disk", errc::io);
}

std::vector<std::string> directory::names() const {
  // A separate descriptor, owned by the stream: reading moves a position that belongs to the
  // descriptor.
  const int again = openat(fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::unique_ptr<DIR, int (*)(DIR*)> stream(again < 0 ? nullptr : fdopendir(again), closedir);
  if (!stream)
    throw_errno(errno, "cannot read the directory " + path_.string());
  std::vector<std::string> result;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr && errno != 0)
      throw_errno(errno, "cannot read the directory " + path_.string());
    if (entry == nullptr)
      return result;
    result.emplace_back(entry->d_name);
  }
}

bool directory::in_place() const {
  struct stat there {};
  if (lstat(path_.c_str(), &there) != 0)
    return false;
  const auto here = stat_of(fd());
  return there.st_ino == here.st_ino && there.st_dev == here.st_dev && here.st_nlink > 0;
}

} // namespace dbengine::os
