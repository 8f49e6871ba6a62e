// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A folder held by its handle, and files that are only reached through it.
// Thread rule: const calls are safe on any thread. Ownership: both classes own one descriptor.

#pragma once

#include <dbengine/error.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbengine::os {

/// A file descriptor that closes itself.
class unique_fd {
public:
  unique_fd() = default;
  explicit unique_fd(int fd) noexcept : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~unique_fd() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  void reset() noexcept;

private:
  int fd_ = -1;
};

/// Throws the `error` for an `errno`: `disk_full`, `io`, otherwise `fallback`. The message is "<what>: <reason>".
[[noreturn]] void throw_errno(int number, const std::string& what,
                              errc fallback = errc::backup_failed);

/// Size of an open file in bytes.
std::uint64_t file_size(int fd);
/// Writes the file and its length to the disk.
void sync_file(int fd, const std::string& name);
/// Takes a lock on the open file (`flock`) without waiting; false where somebody else has it.
bool try_lock(int fd, bool exclusive);
/// Whether some SQLite connection, of this or another process, has a lock on the open database file.
bool locked_by_sqlite(int fd);

/// Throws where a path holds a NUL: the system would take what stands before it for the whole.
void refuse_nul(const std::filesystem::path& path);

/// A folder. Everything is done relative to its handle and links are never followed, so that nobody who moves the
/// folder or puts links into it can make the engine write or delete elsewhere.
class directory {
public:
  /// Opens `path`, with `create` making it (mode 0700) and its parents. A symbolic link in its place is refused.
  static directory open(const std::filesystem::path& path, bool create);

  int fd() const noexcept { return fd_.get(); }
  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path path_of(std::string_view name) const { return path_ / name; }

  /// A new file for reading and writing, mode 0600. Throws where the name is taken.
  unique_fd create(const std::string& name) const;
  /// A regular file for reading; none where there is no such file or it is a link, pipe, folder ….
  unique_fd open_file(const std::string& name) const;
  /// The lock file `name`, made where it is missing; none where somebody else holds the lock.
  unique_fd lock(const std::string& name) const;
  bool exists(const std::string& name) const;
  bool is_folder(const std::string& name) const;
  /// Size of a regular file in bytes, without opening it; nothing for anything else.
  std::optional<std::uint64_t> size_of(const std::string& name) const;
  /// Whether `name` is the very file that is open as `fd`.
  bool is_same(const std::string& name, int fd) const;
  /// Never replaces: throws where `to` exists.
  void rename(const std::string& from, const std::string& to) const;
  void replace(const std::string& from, const std::string& to) const;
  void link(const std::string& from, const std::string& to) const;
  /// False where it was not there.
  bool remove(const std::string& name) const;
  /// Makes renames and removals durable.
  void sync() const;
  std::vector<std::string> names() const;
  /// Whether the path still leads to this folder.
  bool in_place() const;

private:
  directory(unique_fd fd, std::filesystem::path path)
      : fd_(std::move(fd)), path_(std::move(path)) {}

  unique_fd fd_;
  std::filesystem::path path_;
};

} // namespace dbengine::os
