// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The manifest beside each backup.
// Thread safety: plain data. Ownership: by value.

#pragma once

#include "backup/database_check.hpp"
#include "sqlite/plain_database.hpp"

#include <dbengine/backup.hpp>

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace dbengine::backup {

/// The largest manifest that is written or read, in bytes. A table takes about 40 bytes; a larger
/// file is not read, because it would only take memory and time.
inline constexpr std::size_t max_manifest_bytes = std::size_t{4} << 20;

/// The manifest of a backup, written as JSON. `file` and `source` name the backup and its database.
struct manifest {
  std::string file = {};
  /// Identity of the database: its absolute path without links, or the text that the engine gave
  /// (memory databases).
  std::string source = {};
  /// The folder of that path, as `backup_source::folder`; empty in manifests of older versions and
  /// for memory databases.
  std::string source_folder = {};
  std::string sha256 = {};
  std::uint64_t size = 0;
  std::uint64_t pages = 0;
  std::uint64_t page_size = 0;
  bool compressed = false;
  bool verified = false;
  /// When the snapshot was taken.
  wall_time started = {};
  std::chrono::milliseconds duration{0};
  std::string engine_version = {};
  std::string sqlite_version = {};
  std::uint64_t foreign_key_violations = 0;
  /// The reason if the violations could not be counted.
  std::string foreign_keys_unchecked = {};
  /// Omitted from the text if it would exceed `max_manifest_bytes`: a larger manifest is not read.
  row_counts rows = {};
  /// Set by `parse`: by the checksum at its end, the text was changed after it was written. Its
  /// content proves nothing then.
  bool altered = false;

  std::string to_json() const;
  /// nullopt if the text is not a manifest of this format; `why` has the reason then.
  static std::optional<manifest> parse(std::string_view text, std::string& why);

private:
  std::string to_json(const row_counts& rows_of_tables) const;
};

} // namespace dbengine::backup
