// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Memory order for bytes that SQLite's locks protect.

#pragma once

#include <atomic>

namespace dbengine::vfs {

/// Memory order between threads that agree by other means, such as SQLite's WAL index, on which
/// thread may access which bytes.
/// Thread safety: any thread.
class memory_order_point {
public:
  /// Makes everything this thread did before visible to a thread whose `observe` comes later.
  void publish() noexcept;

  /// Makes visible what was published before.
  void observe() const noexcept;

private:
  std::atomic<unsigned> word_ = 0; // used only under ThreadSanitizer, which does not model fences
};

} // namespace dbengine::vfs
