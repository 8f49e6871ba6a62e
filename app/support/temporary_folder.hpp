// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A temporary folder, removed with its owner.
#pragma once

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include <stdlib.h>

namespace dbengine::app {

/// A folder in the system's folder for temporary files. The destructor removes it with its content.
class temporary_folder {
public:
  explicit temporary_folder(const std::string& prefix) {
    std::string name = (std::filesystem::temp_directory_path() / (prefix + "-XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), "cannot create " + name);
    path_ = name;
  }
  ~temporary_folder() {
    std::error_code ignored; // a destructor cannot report it
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

private:
  std::filesystem::path path_;
};

} // namespace dbengine::app
