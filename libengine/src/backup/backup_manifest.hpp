// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Names of backups, and the manifest that lies beside each.
// Thread rule: plain data. Ownership: by value.

#pragma once

#include "backup/database_check.hpp"
#include "sqlite/plain_database.hpp"

#include <dbengine/backup.hpp>

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace dbengine::backup {

/// The largest manifest that is written or read, in bytes. A table takes about 40 bytes; a larger file
/// is not read, because it would only take memory and time.
inline constexpr std::size_t max_manifest_bytes = std::size_t{4} << 20;

/// What is written beside a backup, as JSON. `file` and `source` tell to what it belongs.
struct manifest {
  std::string file = {};
  /// Identity of the database: its absolute path without links, or what the engine gave (memory databases).
  std::string source = {};
  /// Which folder that path led into (`backup_source::folder`); empty in manifests of before, and for memory databases.
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
  /// Written where the violations could not be counted, then with the reason.
  std::string foreign_keys_unchecked = {};
  /// Left out of the text where they made it larger than `max_manifest_bytes`: it would not be read again.
  row_counts rows = {};
  /// Of one that was read: its text is not the one that was written, by the checksum at its end. What it says is not to be
  /// taken for proved.
  bool altered = false;

  std::string to_json() const;
  /// Nothing where the text is no manifest of this kind; `why` then says what is wrong.
  static std::optional<manifest> parse(std::string_view text, std::string& why);

private:
  std::string to_json(const row_counts& rows_of_tables) const;
};

} // namespace dbengine::backup
