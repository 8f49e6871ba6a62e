// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "os/special_files.hpp"

#include <dbengine/error.hpp>

#include <sys/stat.h>

#include <string>

namespace dbengine::os {

namespace {

const char* kind_of(mode_t mode) noexcept {
  return S_ISDIR(mode)                    ? "a directory"
         : S_ISFIFO(mode)                 ? "a pipe"
         : S_ISSOCK(mode)                 ? "a socket"
         : S_ISCHR(mode) || S_ISBLK(mode) ? "a device"
                                          : "not a regular file";
}

} // namespace

void refuse_special_files(const std::filesystem::path& database) {
  for (const char* suffix : {"", "-journal", "-wal", "-shm"}) {
    const auto name = database.string() + suffix;
    struct stat s {};
    if (::stat(name.c_str(), &s) == 0 && !S_ISREG(s.st_mode))
      throw error(errc::cannot_open, "\"" + name + "\" is " + kind_of(s.st_mode));
  }
}

} // namespace dbengine::os
