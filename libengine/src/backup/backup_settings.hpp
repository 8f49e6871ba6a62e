// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What one backup copies, where to and how.
// Thread safety: plain data. Ownership: by value.

#pragma once

#include "backup/backup_source.hpp"
#include "backup/database_check.hpp"

#include <dbengine/backup.hpp>
#include <dbengine/defaults.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dbengine::backup {

struct backup_settings {
  /// Path or SQLite URI of the database, with the VFS and the flags of its connections
  /// (SQLITE_OPEN_URI). The backup opens a read-only connection in any case.
  std::string database = {};
  std::string vfs = {};
  int open_flags = 0;
  /// The identity of the database, for manifests and retention. Without a path it is the
  /// `source_of` of its file.
  backup_source source = {};
  std::string engine_version = {};

  /// Either the folder in which the backup gets a name (created if missing) …
  std::filesystem::path directory = {};
  /// … or the path of the backup, which must not exist, in a folder that must exist.
  std::filesystem::path target = {};

  bool compress = false;
  int pages_per_step = defaults::backup_pages_per_step;
  /// Pause between two steps of the copy. Later stages pause this long each time they have worked
  /// as long and another connection has written in that time.
  std::chrono::milliseconds pause = defaults::backup_pause;
  /// Counts the commits of the database, from any thread. Without it every stage assumes a writer.
  std::function<std::uint64_t()> commits = {};
  /// Size of the WAL, in bytes, from which on the copy makes no pauses.
  std::uint64_t max_wal_bytes = defaults::backup_max_wal_bytes;
  /// Size of the WAL, in bytes, at which the backup fails; 0 = no bound.
  std::uint64_t wal_limit = defaults::backup_wal_limit;
  /// Device and inode that the database must have; without them any file at the path is copied.
  std::optional<std::pair<std::uint64_t, std::uint64_t>> identity = std::nullopt;
  /// Returns the size of the WAL in bytes; without it, the size of the WAL file is read.
  std::function<std::uint64_t()> wal_bytes = {};
  std::function<wall_time()> now = [] { return std::chrono::system_clock::now(); };
  prepare_connection prepare = {};
  /// For tests, called at each point of a backup: directory, open, pin, page, count, sync, hash,
  /// verify, manifest, rename, publish, done. An exception fails the backup there.
  std::function<void(std::string_view)> at = {};

  /// True if the backup takes the path `target` instead of a name in a backup folder.
  bool has_target() const noexcept { return !target.empty(); }
  void pass_point(std::string_view point) const {
    if (at)
      at(point);
  }
};

} // namespace dbengine::backup
