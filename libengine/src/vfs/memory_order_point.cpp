// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "vfs/memory_order_point.hpp"

namespace dbengine::vfs {

#if defined(__SANITIZE_THREAD__)

void memory_order_point::publish() noexcept {
  word_.fetch_add(1, std::memory_order_acq_rel);
}

void memory_order_point::observe() const noexcept {
  static_cast<void>(word_.load(std::memory_order_acquire));
}

#else

void memory_order_point::publish() noexcept {
  std::atomic_thread_fence(std::memory_order_release);
}

void memory_order_point::observe() const noexcept {
  std::atomic_thread_fence(std::memory_order_acquire);
}

#endif

} // namespace dbengine::vfs
