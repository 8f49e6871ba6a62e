// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Database URLs and what they say.

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

/// Where a database is and how its connections open it.
struct location {
  /// Absolute path of the file; empty for a memory database.
  std::filesystem::path path;
  /// What SQLite is given: the path, or a `file:` URI with the query that the user wrote.
  std::string filename;
  /// The VFS by name, empty = SQLite's default.
  std::string vfs;
  bool memory = false;
  bool uri = false;
  /// `mode=ro` or `immutable=1` in the URL.
  bool read_only = false;
  /// Not `mode=rw`: the file may be created.
  bool create = true;
  /// Since when the opening of an engine waits for others, so that all its waits are one; nothing once it is open.
  std::optional<std::chrono::steady_clock::time_point> waiting_since = {};
  /// What the connections of an engine know of the file together; a connection that is given none has its own.
  std::shared_ptr<truncation_check> truncation;
  /// The same for the age of exactly-once records.
  std::shared_ptr<id_clock> ids;
};

/// Parses `sqlite:///rel.db`, `sqlite:////abs.db`, `sqlite://`, `sqlite:///:memory:`,
/// `sqlite:///file:x.db?mode=ro&uri=true` and a bare path. Anything else throws `errc::invalid_url` that shows
/// the part at fault.
location parse_url(std::string_view url);

/// Where an absolute path leads: through all links, the last one, too, where what it names does not exist yet. Throws
/// `errc::cannot_open` where they lead in a circle.
std::filesystem::path resolve_links(std::filesystem::path path);

/// `parse_url`, then for a memory database its name in the memory VFS, for a file its absolute path without links.
location locate(std::string_view url);

} // namespace dbengine::sqlite
