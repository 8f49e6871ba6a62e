// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "os/open_files.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace dbengine::os {

namespace {

namespace fs = std::filesystem;

// `own`: the link of the descriptor to ignore.
bool holds(const fs::path& descriptors, const fs::path& own, const struct stat& file) {
  std::error_code unseen; // a process of another user, or one that is ending
  for (fs::directory_iterator i(descriptors, unseen), end; !unseen && i != end;
       i.increment(unseen)) {
    struct stat s {};
    if (i->path() != own && ::stat(i->path().c_str(), &s) == 0 && s.st_ino == file.st_ino &&
        s.st_dev == file.st_dev)
      return true;
  }
  return false;
}

bool is_shown_by_proc(int fd) {
  struct stat file {};
  if (::fstat(fd, &file) != 0)
    return false;
  const auto own = fs::path("/proc") / std::to_string(::getpid()) / "fd" / std::to_string(fd);
  std::error_code unseen;
  for (fs::directory_iterator i("/proc", unseen), end; !unseen && i != end; i.increment(unseen)) {
    const auto name = i->path().filename().string();
    if (name.find_first_not_of("0123456789") == name.npos && holds(i->path() / "fd", own, file))
      return true;
  }
  return false;
}

} // namespace

bool is_open_elsewhere(int fd) {
  if (::fcntl(fd, F_SETSIG, SIGURG) == 0 && ::fcntl(fd, F_SETLEASE, F_WRLCK) == 0) {
    (void)::fcntl(fd, F_SETLEASE, F_UNLCK);
    return false;
  }
  return errno == EAGAIN || is_shown_by_proc(fd);
}

} // namespace dbengine::os
