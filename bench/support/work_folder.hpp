// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A folder for databases that is removed at the end.

#pragma once

#include <filesystem>

namespace dbengine::bench {

/// All subjects of a run work in one such folder, so that they share a file system.
class work_folder {
public:
  /// Makes a new folder below `parent`, which must exist. Throws `std::system_error`.
  explicit work_folder(const std::filesystem::path& parent);
  ~work_folder();
  work_folder(const work_folder&) = delete;
  work_folder& operator=(const work_folder&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

private:
  std::filesystem::path path_;
};

} // namespace dbengine::bench
