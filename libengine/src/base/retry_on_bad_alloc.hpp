// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Retries for the few steps that must not fail for lack of memory, because a caller or another
// thread waits for their effect: waking a worker, answering a request, returning one to its queue.
// Thread safety: any thread. The functions sleep, but only after an allocation failed.

#pragma once

#include <chrono>
#include <new>
#include <thread>
#include <utility>

namespace dbengine::base {

/// Runs `f` and repeats it while it throws `std::bad_alloc`, for about one second; the last
/// exception is then thrown to the caller. `f` must have no effect when it throws.
template <class F>
decltype(auto) retry_on_bad_alloc(F&& f) {
  constexpr int tries = 200;
  for (int i = 1;; ++i) {
    try {
      return f();
    } catch (const std::bad_alloc&) {
      if (i == tries)
        throw;
    }
    std::this_thread::sleep_for(i < 10 ? std::chrono::microseconds(100)
                                       : std::chrono::milliseconds(5));
  }
}

/// As `retry_on_bad_alloc`, for code that must not throw. Returns false if the last attempt threw,
/// or if `f` threw another exception.
template <class F>
bool try_with_retries(F&& f) noexcept {
  try {
    retry_on_bad_alloc(std::forward<F>(f));
    return true;
  } catch (...) {
    return false;
  }
}

} // namespace dbengine::base
