// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The table of names of the memory VFS: the file of each name, and its lifetime. Used only when
// files are opened, closed, deleted or looked up.

#pragma once

#include "base/thread_annotations.hpp"
#include "vfs/memory_file.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace dbengine::vfs {

/// All named files of the process.
///
/// A database is a name that was opened as one. A satellite is any other name; its owner is the
/// open database whose name followed by "-" it begins with ("/m-7-wal" and "/m-7-journal" belong to
/// "/m-7"). A database and its satellites are removed when its last handle is closed; a satellite
/// without an owner when its own last handle is closed. A removed file's memory is freed with its
/// last `shared_ptr`.
/// Thread safety: any thread.
class memory_table {
public:
  /// The only table of the process. Never destroyed, because static destructors may close
  /// connections.
  static memory_table& instance();

  /// Opens `name` and counts a handle on it. Null if it does not exist and `create` is false, or if
  /// it exists and `exclusive` is true. Throws `std::bad_alloc`.
  std::shared_ptr<memory_file> open(std::string_view name, bool database, bool create,
                                    bool exclusive);

  /// Drops a handle that `open` counted.
  void close(const std::string& name, const std::shared_ptr<memory_file>& file) noexcept;

  /// Removes the name; open handles remain valid. False if there is no such name.
  bool remove(std::string_view name) noexcept;

  /// The size of the file in bytes; 0 if there is none.
  std::uint64_t size(std::string_view name) const noexcept;

private:
  struct entry {
    std::shared_ptr<memory_file> file;
    int handles = 0;
    bool database = false;
  };

  using map_type = std::map<std::string, entry, std::less<>>;

  bool has_owner(std::string_view name) const noexcept DBENGINE_REQUIRES(mutex_);
  void remove_satellites(std::string_view owner) noexcept DBENGINE_REQUIRES(mutex_);

  mutable base::mutex mutex_;
  map_type entries_ DBENGINE_GUARDED_BY(mutex_);
};

} // namespace dbengine::vfs
