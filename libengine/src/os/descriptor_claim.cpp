// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "os/descriptor_claim.hpp"

#include <dbengine/error.hpp>

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>

namespace dbengine::os {

namespace {

// The descriptors that all claims of the process still hold.
std::atomic<std::size_t> claimed{0};

// Counts free descriptors up to `enough`, from the highest number down: the kernel assigns the
// lowest free number, so the high ones are free. (`poll` could check all at once, but it reports
// O_PATH descriptors as free.)
std::size_t count_free_descriptors(std::size_t limit, std::size_t enough) noexcept {
  std::size_t found = 0;
  for (auto fd = limit; fd > 0 && found < enough; --fd)
    found += ::fcntl(static_cast<int>(fd - 1), F_GETFD) < 0 ? 1 : 0;
  return found;
}

} // namespace

descriptor_claim::descriptor_claim(std::size_t wanted) {
  rlimit l{};
  if (::getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur > (rlim_t{1} << 24))
    return;
  const auto before = claimed.fetch_add(wanted, std::memory_order_relaxed);
  left_.store(wanted, std::memory_order_relaxed);
  const auto found = count_free_descriptors(static_cast<std::size_t>(l.rlim_cur), before + wanted);
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
