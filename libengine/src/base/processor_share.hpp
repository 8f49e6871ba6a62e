// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How long work for one of many lets the threads of the others run. A thread that is woken waits for the running one to use up its turn, 1.4 ms
// and more; a point read over the wire has four such wake-ups.
// Thread rule: the thread that works.

#pragma once

#include <chrono>
#include <thread>

namespace dbengine::base {

class processor_share {
public:
  /// Others' turn: often, every 20 us or so.
  void yield() noexcept {
    using clock = std::chrono::steady_clock;
    const auto before = clock::now();
    if (before < not_before_)
      return;
    std::this_thread::yield();
    const auto took = clock::now() - before;
    // Whoever took a whole turn works as long as this does. From kernel 6.18 on a yield gives up one's own next turn, and one that yields all the
    // time would get nothing beside such a thread: they have it in turns, then.
    if (took > a_turn)
      not_before_ = before + (turns_kept + 1) * took;
  }

private:
  static constexpr std::chrono::microseconds a_turn{700};
  static constexpr int turns_kept = 8;
  std::chrono::steady_clock::time_point not_before_{};
};

} // namespace dbengine::base
