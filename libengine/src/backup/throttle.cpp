// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/throttle.hpp"

#include <thread>
#include <utility>

namespace dbengine::backup {

throttle::throttle(std::chrono::milliseconds pause, std::function<std::uint64_t()> commits)
    : pause_(pause), commits_(std::move(commits)), seen_(commits_ ? commits_() : 0),
      worked_since_(std::chrono::steady_clock::now()) {}

void throttle::pause_if_due() {
  if (pause_.count() == 0 || std::chrono::steady_clock::now() - worked_since_ < pause_)
    return;
  const auto commits = commits_ ? commits_() : seen_ + 1;
  if (commits != std::exchange(seen_, commits))
    std::this_thread::sleep_for(pause_);
  begin();
}

} // namespace dbengine::backup
