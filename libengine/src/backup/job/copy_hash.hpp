// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The checksum of a finished copy, and its compression.

#pragma once

#include "backup/backup_settings.hpp"
#include "backup/backup_stream.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <string>

namespace dbengine::backup {

/// Hashes a copy, or compresses and hashes it, on a separate thread while the copy is verified. If
/// no thread can be created, it works in `wait`.
/// Thread safety: one thread at a time. Ownership: the descriptors belong to the caller and must
/// exist until `wait` or `stop` returns. Errors: `wait` throws those of `stream`.
class copy_hash {
public:
  /// `final_fd`: the target of the compressed copy; equal to `raw_fd` without compression. `name`:
  /// for messages. `is_cancelled` stops the work on its own thread and must be safe there. `check`
  /// is called by `wait` in the caller's thread; its result stops only work in that thread.
  void start(const backup_settings& settings, int raw_fd, int final_fd, const std::string& name,
             std::function<bool()> is_cancelled, const continue_check& check);
  /// Waits for the result and calls `check` every `interval` until then.
  stream_result wait(std::chrono::milliseconds interval);
  /// Stops the work and waits for its end.
  void stop() noexcept;

private:
  std::atomic<bool> stopped_{false};
  const continue_check* check_ = nullptr;
  // Last: its destructor waits for the work, which uses the flag.
  std::future<stream_result> result_;
};

} // namespace dbengine::backup
