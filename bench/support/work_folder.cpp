// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "work_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace dbengine::bench {

work_folder::work_folder(const std::filesystem::path& parent) {
  auto name = (parent / "dbengine-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(),
                            "cannot create a folder in " + parent.string());
  path_ = name;
}

work_folder::~work_folder() {
  std::error_code ignored; // the caller cannot act on it; the folder's name identifies it
  std::filesystem::remove_all(path_, ignored);
}

} // namespace dbengine::bench
