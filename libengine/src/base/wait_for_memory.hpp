// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// For the few steps that must not fail for want of memory, because somebody waits for what they bring about: to wake a worker, to
// give an answer, to put a request back. Memory that is gone for a moment is waited for.
// Thread rule: any thread; it sleeps, but only where there is no memory.

#pragma once

#include <chrono>
#include <new>
#include <thread>
#include <utility>

namespace dbengine::base {

/// Runs `f`, again where it throws `std::bad_alloc`, for about a second: then that leaves. `f` does nothing where it throws.
template <class F>
decltype(auto) patiently(F&& f) {
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

/// The same where nothing can be thrown. False where `f` threw at last.
template <class F>
bool patiently_or_not(F&& f) noexcept {
  try {
    patiently(std::forward<F>(f));
    return true;
  } catch (...) {
    return false;
  }
}

} // namespace dbengine::base
