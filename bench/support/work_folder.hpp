// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A temporary folder for databases.

#pragma once

#include <filesystem>

namespace dbengine::bench {

/// A folder that the destructor removes. All subjects of a run use the same one, so that they share
/// a file system.
class work_folder {
public:
  /// Creates a new folder below `parent`, which must exist.
  /// Errors: `std::system_error`.
  explicit work_folder(const std::filesystem::path& parent);
  ~work_folder();
  work_folder(const work_folder&) = delete;
  work_folder& operator=(const work_folder&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

private:
  std::filesystem::path path_;
};

} // namespace dbengine::bench
