// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A folder that is held open, and the files in it.

#pragma once

#include "os/file_operations.hpp"
#include "os/unique_fd.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbengine::os {

/// A folder, identified by its descriptor. All functions work relative to the descriptor and never
/// follow links. So a process that moves the folder or places links in it cannot make the engine
/// write or delete elsewhere.
/// Thread safety: const functions are safe on any thread. Ownership: owns the descriptor.
/// Errors: `error` as from `throw_errno`, unless stated.
class directory {
public:
  /// Opens `path`. `create` makes it (mode 0700) and its missing parents. Throws if `path` is a
  /// symbolic link.
  static directory open(const std::filesystem::path& path, bool create);

  int fd() const noexcept { return fd_.get(); }
  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path path_of(std::string_view name) const { return path_ / name; }

  /// Makes a file for reading and writing, mode 0600. Throws if the name exists.
  unique_fd create(const std::string& name) const;
  /// Opens a regular file for reading. Returns no descriptor if the name does not exist or is a
  /// link, pipe or folder.
  unique_fd open_file(const std::string& name) const;
  /// Locks the file `name`, which is created if missing. Returns no descriptor if another holder
  /// has the lock.
  unique_fd lock(const std::string& name) const;
  bool exists(const std::string& name) const;
  bool is_folder(const std::string& name) const;
  /// Size of a regular file in bytes, without opening it; nullopt for anything else.
  std::optional<std::uint64_t> size_of(const std::string& name) const;
  /// True if `name` is the file that is open as `fd`.
  bool is_same(const std::string& name, int fd) const;
  /// Renames, but never replaces: throws if `to` exists.
  void rename(const std::string& from, const std::string& to) const;
  void replace(const std::string& from, const std::string& to) const;
  void link(const std::string& from, const std::string& to) const;
  /// Removes a file. Returns false if it did not exist.
  bool remove(const std::string& name) const;
  /// Makes renames and removals durable.
  void sync() const;
  std::vector<std::string> names() const;
  /// True if the path still leads to this folder.
  bool in_place() const;

private:
  directory(unique_fd fd, std::filesystem::path path)
      : fd_(std::move(fd)), path_(std::move(path)) {}

  unique_fd fd_;
  std::filesystem::path path_;
};

} // namespace dbengine::os
