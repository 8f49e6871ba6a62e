// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The names of the memory VFS: which file a name means, and how long it lives.
// Safe on any thread; used only when files are opened, closed, deleted or looked for.

#pragma once

#include "vfs/memory_file.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace dbengine::vfs {

/// All named files of the process.
///
/// A database is a name that was opened as one. A satellite is any other name; its owner is the open database whose name
/// followed by "-" it begins with ("/m-7-wal" and "/m-7-journal" belong to "/m-7"). A database is forgotten when its
/// last handle is closed, and its satellites with it; a satellite without an owner when its own last handle is closed.
/// A forgotten file's memory is freed when nobody holds its `shared_ptr`.
class memory_table {
public:
  /// The process's only table. It is never destroyed, because connections may be closed by static destructors.
  static memory_table& instance();

  /// Opens `name` and counts a handle on it. Null where it is missing and `create` is false, or exists and `exclusive` is
  /// true. Throws `std::bad_alloc`.
  std::shared_ptr<memory_file> open(std::string_view name, bool database, bool create,
                                    bool exclusive);

  /// Drops a handle that `open` counted.
  void close(const std::string& name, const std::shared_ptr<memory_file>& file) noexcept;

  /// Forgets the name; open handles go on. False where there is no such name.
  bool remove(std::string_view name) noexcept;

  /// The length of the file in bytes, 0 where there is none.
  std::uint64_t size(std::string_view name) const noexcept;

private:
  struct entry {
    std::shared_ptr<memory_file> file;
    int handles = 0;
    bool database = false;
  };

  using map_type = std::map<std::string, entry, std::less<>>;

  bool has_owner(std::string_view name) const noexcept;
  void forget_satellites(std::string_view owner) noexcept;

  mutable std::mutex mutex_;
  map_type entries_; // guarded by mutex_
};

} // namespace dbengine::vfs
