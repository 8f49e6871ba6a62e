// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Waiting for a condition, instead of for a time.
// Thread safety: any thread; `f` is called in it.

#pragma once

#include <chrono>
#include <thread>

namespace dbengine::test {

/// True as soon as `f` is; false if it is not within `bound`, which by default is so long that
/// only a hang fails.
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
