// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A folder in memory, if the system has one, for tests that kill processes: the kernel keeps its
// contents.
// Ownership: the object removes the folder.

#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace dbengine::test {

struct memory_folder {
  std::filesystem::path path;

  memory_folder() {
    std::string pattern = std::filesystem::is_directory("/dev/shm")
                              ? "/dev/shm/dbengine-test-XXXXXX"
                              : "/tmp/dbengine-test-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), pattern);
    path = pattern;
  }
  ~memory_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  memory_folder(const memory_folder&) = delete;
  memory_folder& operator=(const memory_folder&) = delete;
};

/// A number from the environment, or `otherwise`.
inline long number_from(const char* variable, long otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::atol(text) : otherwise;
}

} // namespace dbengine::test
