// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/thread_annotations.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace dbengine::engine {

/// Runs a function that may block on a disk or a remote folder, on a separate thread, once for all
/// requests that arrive during a run.
///
/// The thread ends when no request is left. It is never joined: the function may block for ever.
/// Thread safety: any thread.
/// Ownership: shared with that thread.
class background_refresh : public std::enable_shared_from_this<background_refresh> {
public:
  using clock = std::chrono::steady_clock;

  /// `refresh` keeps alive what it uses. Without `own_thread`, for deterministic tests, the caller
  /// of `request` runs it.
  explicit background_refresh(std::function<void()> refresh, bool own_thread = true)
      : refresh_(std::move(refresh)), own_thread_(own_thread) {}

  /// Calls `done`, from any thread and before `close` returns, once a run that began after this
  /// call has ended; at once if no run is possible. `done` must not throw, and must not call this
  /// object.
  void request(std::function<void()> done);
  /// Waits for such a run. Returns false if it has not ended by then.
  bool wait_until(clock::time_point until);
  /// The duration of the present run so far; zero if there is none.
  clock::duration running_for() const;
  /// Ends all present and later waits.
  void close();

private:
  void run();
  static void notify(std::vector<std::function<void()>>& all) noexcept;

  const std::function<void()> refresh_;
  const bool own_thread_;
  mutable base::mutex mutex_;
  std::vector<std::function<void()>> waiting_for_next_ DBENGINE_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> waiting_for_this_ DBENGINE_GUARDED_BY(mutex_);
  bool running_ DBENGINE_GUARDED_BY(mutex_) = false;
  bool closed_ DBENGINE_GUARDED_BY(mutex_) = false;
  clock::time_point began_ DBENGINE_GUARDED_BY(mutex_){};
};

} // namespace dbengine::engine
