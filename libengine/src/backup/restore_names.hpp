// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The names of the files beside a database during a restore.
// Thread safety: plain data.

#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace dbengine::backup {

/// Suffixes of the files that belong to a database. The index of a WAL is not one of them, because
/// it is rebuilt from the WAL.
inline constexpr std::array<std::string_view, 2> companion_suffixes = {"-wal", "-journal"};
inline constexpr std::string_view wal_index_suffix = "-shm";

/// The files beside the database `name` while it is replaced. Only files that the marker covers are
/// ever removed: without a marker, files of these names belong to other programs, and the restore
/// is refused.
struct restore_names {
  explicit restore_names(const std::string& name)
      : marker("." + name + ".dbengine-restore"), partial(marker + ".partial"),
        old(marker + ".old") {}

  std::string marker;
  /// The unfinished new file.
  std::string partial;
  /// The old file until the new one has opened.
  std::string old;

  /// `old` and its companions.
  std::vector<std::string> all_old() const {
    std::vector<std::string> result{old};
    for (const auto suffix : companion_suffixes)
      result.push_back(old + std::string(suffix));
    return result;
  }
};

} // namespace dbengine::backup
