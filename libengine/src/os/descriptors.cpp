// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "os/descriptors.hpp"

#include "os/directory.hpp"

#include <dbengine/error.hpp>

#include <sys/eventfd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

namespace dbengine::os {

void require_descriptors(std::size_t n, const char* what_for) {
  std::vector<unique_fd> all;
  all.reserve(n);
  while (all.size() < n) {
    unique_fd next(::eventfd(0, EFD_CLOEXEC));
    if (next.get() < 0) {
      const int why = errno;
      const auto had = all.size();
      all.clear(); // the message may need one
      throw error(errc::cannot_open, std::to_string(n) + " descriptors are needed " + what_for +
                                         " and only " + std::to_string(had) +
                                         " are available: " + std::generic_category().message(why));
    }
    all.push_back(std::move(next));
  }
}

} // namespace dbengine::os
