// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/write/write_grouping.hpp"

#include <thread>

namespace dbengine::engine {

// Senders that are answered together send their next requests together, one after the other. A
// group that starts with the first of them makes the others wait for one more commit. So the writer
// waits for as many requests as the last group had, as long as requests arrive.
void write_grouping::wait_for_group() const noexcept {
  if (!commits_are_expensive_)
    return; // a commit is cheaper than the wait
  auto before = waiting_->size();
  for (int idle = 0; idle < defaults::gather_yields && before < last_size_; ++idle) {
    std::this_thread::yield();
    if (const auto now = waiting_->size(); now > before) {
      before = now;
      idle = 0;
    }
  }
}

} // namespace dbengine::engine
