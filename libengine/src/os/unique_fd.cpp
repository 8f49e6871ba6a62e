// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "os/unique_fd.hpp"

#include <unistd.h>

namespace dbengine::os {

void unique_fd::reset() noexcept {
  if (fd_ >= 0)
    ::close(std::exchange(fd_, -1));
}

} // namespace dbengine::os
