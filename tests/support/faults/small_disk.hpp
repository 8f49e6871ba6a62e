// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A small file system in memory, for tests that fill it. Needs the right to mount.
// Ownership: the object unmounts it.

#pragma once

#include "support/engine/engine_fixture.hpp"

#include <filesystem>
#include <sys/mount.h>

namespace dbengine::test {

class small_disk {
public:
  explicit small_disk(const char* size)
      : mounted_(::mount("none", folder_.path.c_str(), "tmpfs", 0, size) == 0) {}
  ~small_disk() {
    if (mounted_)
      ::umount2(folder_.path.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  const engine_folder& folder() const { return folder_; }
  std::filesystem::path file(const char* name) const { return folder_.path / name; }

private:
  engine_folder folder_;
  bool mounted_;
};

} // namespace dbengine::test
