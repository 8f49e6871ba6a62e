// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Progress and cancellation of one backup.

#pragma once

#include <dbengine/backup.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>

namespace dbengine::backup {

/// The pages that were copied, the callback that is notified of them, and the request to cancel.
/// Thread safety: `pages`, `cancel` and `is_cancelled` from any thread, all others from the thread
/// that runs the backup.
class job_progress {
public:
  /// At most this long passes between two calls of the callback.
  static constexpr std::chrono::milliseconds interval{20};

  void set_pages(std::uint64_t done, std::uint64_t total) noexcept {
    total_.store(total, std::memory_order_relaxed);
    done_.store(done, std::memory_order_relaxed);
  }
  backup_progress pages() const noexcept {
    return {.pages_done = done_.load(std::memory_order_relaxed),
            .pages_total = total_.load(std::memory_order_relaxed)};
  }

  void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
  bool is_cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }
  /// Throws `errc::cancelled`.
  void throw_if_cancelled() const;

  /// Sets the callback, nullptr for none. It must exist until another one is set.
  void set_callback(const progress_callback* callback) noexcept { callback_ = callback; }
  bool is_report_due() const noexcept {
    return std::chrono::steady_clock::now() - reported_ >= interval;
  }
  /// Calls the callback. The backup is cancelled if it returns false or throws.
  void report();
  /// Rethrows the exception of the callback. It is stored until then, because SQLite may be between
  /// the callback and the caller.
  void rethrow_callback_exception() const;

private:
  std::atomic<bool> cancelled_{false};
  std::atomic<std::uint64_t> done_{0};
  std::atomic<std::uint64_t> total_{0};
  const progress_callback* callback_ = nullptr;
  std::chrono::steady_clock::time_point reported_;
  std::exception_ptr thrown_;
};

} // namespace dbengine::backup
