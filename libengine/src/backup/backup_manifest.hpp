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

/// `backup_YYYYMMDD_HHMMSS.sqlite`, within one second `…_2.sqlite`, `…_3.sqlite` and so on; `.zst` follows where
/// it is compressed. The time is UTC: in local time an hour of backups would repeat, and sort wrongly, each autumn.
struct backup_name {
  std::chrono::sys_seconds time = {};
  unsigned number = 1;
  bool compressed = false;

  /// Of one second.
  static constexpr unsigned max_number = 999'999'999;

  std::string str() const;
  /// Nothing for any other name, those with dates that are impossible or that `wall_time` cannot hold included.
  static std::optional<backup_name> parse(std::string_view text);

  /// Older to newer.
  friend auto operator<=>(const backup_name& a, const backup_name& b) = default;
};

/// The suffix of everything unfinished.
inline constexpr std::string_view partial_suffix = ".partial";
inline constexpr std::string_view manifest_suffix = ".json";
/// One has some 40 bytes a table. A larger one is not read: whoever puts it there wants memory and time.
inline constexpr std::size_t max_manifest_bytes = std::size_t{4} << 20;

/// Whether it is the name of an unfinished backup or manifest in a backup directory.
bool is_partial_name(std::string_view name);

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
