// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Waits for a condition instead of a fixed time.
// Thread safety: any thread; `f` runs in the calling thread.

#pragma once

#include <chrono>
#include <thread>

namespace dbengine::test {

/// Returns true as soon as `f` does, or false if `f` is still false after `bound`. The default
/// bound is so long that only a hang fails.
template <class F>
bool eventually(F&& f, std::chrono::seconds bound = std::chrono::seconds(60)) {
  const auto give_up = std::chrono::steady_clock::now() + bound;
  while (!f()) {
    if (std::chrono::steady_clock::now() > give_up)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

} // namespace dbengine::test
