// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Database URLs.
// Thread safety: any thread.

#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dbengine::sqlite {

class id_clock;
class truncation_check;

/// The location of a database, and how its connections open it.
struct location {
  /// Absolute path of the file; empty for a memory database.
  std::filesystem::path path;
  /// The name for SQLite: the path, or a `file:` URI with the user's query.
  std::string filename;
  /// The VFS by name; empty means SQLite's default.
  std::string vfs;
  bool memory = false;
  bool uri = false;
  /// `mode=ro` or `immutable=1` in the URL.
  bool read_only = false;
  /// The file may be created; false for `mode=rw`.
  bool create = true;
  /// The time at which an opening engine began to wait for others, so that all its waits count as
  /// one. Empty once it is open.
  std::optional<std::chrono::steady_clock::time_point> waiting_since = {};
  /// The verdict on the file, shared by the connections of an engine. Null: the connection makes
  /// its own.
  std::shared_ptr<truncation_check> truncation;
  /// The same for the age of exactly-once records.
  std::shared_ptr<id_clock> ids;
};

/// Parses `sqlite:///rel.db`, `sqlite:////abs.db`, `sqlite://`, `sqlite:///:memory:`,
/// `sqlite:///file:x.db?mode=ro&uri=true` and a bare path. Anything else throws `errc::invalid_url`
/// that shows the invalid part.
location parse_url(std::string_view url);

/// Follows all links of an absolute path, the last one included, even if their target does not
/// exist yet. Throws `errc::cannot_open` if they form a circle.
std::filesystem::path resolve_links(std::filesystem::path path);

/// `parse_url`, completed: a memory database gets its name in the memory VFS, a file its absolute
/// path without links.
location locate(std::string_view url);

} // namespace dbengine::sqlite
