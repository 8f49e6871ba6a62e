// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Shared by suites against the facade: a temporary folder, and failures as data.
// Thread safety: each object belongs to one thread.
// Ownership: the object removes its folder.

#pragma once

#include <dbengine/error.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace dbengine::test {

/// A fresh folder, removed at the end of the scope.
class engine_folder {
public:
  engine_folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "dbengine-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), pattern);
    path = pattern;
  }
  engine_folder(const engine_folder&) = delete;
  engine_folder& operator=(const engine_folder&) = delete;
  ~engine_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }

  /// The URL of a file in the folder.
  std::string url(const std::string& name = "test.db") const {
    return "sqlite:///" + (path / name).string();
  }

  std::filesystem::path path;
};

/// The error that `f` throws; the code is `errc::none` if `f` throws nothing. Any other exception
/// passes through.
template <class F>
error_info failure_of(F&& f) {
  try {
    std::forward<F>(f)();
  } catch (const error& e) {
    return e.info();
  }
  return {};
}

/// As "timeout, was rolled back".
inline std::string code_and_outcome(const error_info& e) {
  return std::string(to_string(e.code)) + ", " + std::string(to_string(e.outcome));
}

/// The name of the code that `f` fails with, "none" if it does not fail.
template <class F>
std::string code_of(F&& f) {
  return std::string(to_string(failure_of(std::forward<F>(f)).code));
}

} // namespace dbengine::test
