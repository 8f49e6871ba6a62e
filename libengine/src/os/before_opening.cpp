// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "os/before_opening.hpp"

#include <dbengine/error.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>

namespace dbengine::os {

namespace {

std::atomic<std::size_t> claimed{0};

const char* kind_of(mode_t mode) noexcept {
  return S_ISDIR(mode)                    ? "a directory"
         : S_ISFIFO(mode)                 ? "a pipe"
         : S_ISSOCK(mode)                 ? "a socket"
         : S_ISCHR(mode) || S_ISBLK(mode) ? "a device"
                                          : "no regular file";
}

// Counts to `enough`, from the highest number down: a process gets the lowest one each time, so that they are free there.
// (`poll`, which could ask for all at once, takes descriptors of paths alone for free ones.)
std::size_t free_descriptors(std::size_t limit, std::size_t enough) noexcept {
  std::size_t found = 0;
  for (auto fd = limit; fd > 0 && found < enough; --fd)
    found += ::fcntl(static_cast<int>(fd - 1), F_GETFD) < 0 ? 1 : 0;
  return found;
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

descriptor_claim::descriptor_claim(std::size_t wanted) {
  rlimit l{};
  if (::getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur > (rlim_t{1} << 24))
    return;
  const auto before = claimed.fetch_add(wanted, std::memory_order_relaxed);
  left_.store(wanted, std::memory_order_relaxed);
  const auto found = free_descriptors(static_cast<std::size_t>(l.rlim_cur), before + wanted);
  if (found >= before + wanted)
    return;
  give_back(wanted);
  throw error(errc::cannot_open, std::to_string(wanted) + " file descriptors are needed and only " +
                                     std::to_string(found - std::min(found, before)) +
                                     " are free: the process may have " +
                                     std::to_string(l.rlim_cur) + " (RLIMIT_NOFILE, ulimit -n)");
}

descriptor_claim::~descriptor_claim() {
  give_back(left_.load(std::memory_order_relaxed));
}

void descriptor_claim::give_back(std::size_t n) noexcept {
  auto left = left_.load(std::memory_order_relaxed);
  while (left != 0 &&
         !left_.compare_exchange_weak(left, left - std::min(left, n), std::memory_order_relaxed)) {
  }
  claimed.fetch_sub(std::min(left, n), std::memory_order_relaxed);
}

} // namespace dbengine::os
