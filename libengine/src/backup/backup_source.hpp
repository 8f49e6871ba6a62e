// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The identity of the database that a backup belongs to.
// Thread safety: plain data; the functions may be called from any thread and read the file system.

#pragma once

#include "backup/backup_manifest.hpp"
#include "sqlite/url.hpp"

#include <optional>
#include <string>
#include <utility>

namespace dbengine::backup {

/// The database that backups belong to. A path alone does not identify a database: two containers
/// may use the same path and share a folder of backups.
struct backup_source {
  backup_source() = default;
  /// A path in any folder.
  backup_source(std::string p) : path(std::move(p)) {} // NOLINT: implicit, a path is a source
  backup_source(const char* p) : path(p) {}            // NOLINT

  /// As `source_identity` returns it.
  std::string path = {};
  /// The folder of the database, identified by its inode and its time of creation. It is the same
  /// after the file was restored, recreated or vacuumed, and another one in another container.
  /// nullopt: any folder. Empty: there is no such folder.
  std::optional<std::string> folder = std::nullopt;
  /// The file does not exist, so the folder that its backups were made in is unknown.
  bool lost = false;

  /// True if a manifest belongs to this database. A manifest of an older version, which names no
  /// folder, belongs to its path.
  bool owns(const manifest& m) const {
    return m.source == path && (!folder || m.source_folder.empty() || m.source_folder == *folder);
  }
  /// True for manifests that may belong to a lost database, too. Never a reason to remove a backup.
  bool may_own(const manifest& m) const { return lost ? m.source == path : owns(m); }
};

/// The identity of a database in manifests: its absolute path without links. Text that is not the
/// path of an existing file (a memory database) is returned unchanged.
std::string source_identity(const std::string& database);
/// The identity of an engine's database; all memory databases share one.
std::string source_identity(const sqlite::location& where);
/// The identity with the folder, as far as the folder can be read.
backup_source source_of(const std::string& database);
backup_source source_of(const sqlite::location& where);

} // namespace dbengine::backup
