// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The names of backups and of their files.
// Thread safety: plain data. Ownership: by value.

#pragma once

#include <chrono>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace dbengine::backup {

/// `backup_YYYYMMDD_HHMMSS.sqlite`; further ones within one second are `…_2.sqlite`, `…_3.sqlite`
/// and so on. `.zst` follows if the backup is compressed. The time is UTC: in local time one hour
/// of backups would repeat each autumn and sort in the wrong order.
struct backup_name {
  std::chrono::sys_seconds time = {};
  unsigned number = 1;
  bool compressed = false;

  /// The largest number within one second.
  static constexpr unsigned max_number = 999'999'999;

  std::string str() const;
  /// nullopt for any other text, including impossible dates and dates that `wall_time` cannot hold.
  static std::optional<backup_name> parse(std::string_view text);

  /// Orders from older to newer.
  friend auto operator<=>(const backup_name& a, const backup_name& b) = default;
};

/// The suffix of every unfinished file.
inline constexpr std::string_view partial_suffix = ".partial";
/// The suffix of the manifest beside a backup.
inline constexpr std::string_view manifest_suffix = ".json";

/// True for the name of an unfinished backup or manifest in a backup folder.
bool is_partial_name(std::string_view name);

} // namespace dbengine::backup
