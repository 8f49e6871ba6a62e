// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A look at something that may keep whoever looks waiting: a disk, a folder far away. One at a time, on a thread of its own that lives
// for as long as somebody asks.
// Thread rule: any thread. Ownership: shared with that thread, which nobody waits for: it may never come back.

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace dbengine::engine {

class background_look : public std::enable_shared_from_this<background_look> {
public:
  using clock = std::chrono::steady_clock;

  /// `look` keeps alive whatever it touches. Deterministic tests have it done by whoever asks, without a thread.
  explicit background_look(std::function<void()> look, bool own_thread = true)
      : look_(std::move(look)), own_thread_(own_thread) {}

  /// Calls `done`, from any thread and before `close` returns, once a look has ended that began after this call; at once where none
  /// can be made. It must not throw, and must not come back to this object.
  void ask(std::function<void()> done);
  /// Waits for such a look. False where it has not ended by then.
  bool wait(clock::time_point until);
  /// How long the look under way has taken; zero where there is none.
  clock::duration under_way() const;
  /// Nobody waits any more, for any look.
  void close();

private:
  void run();
  static void tell(std::vector<std::function<void()>>& all) noexcept;

  const std::function<void()> look_;
  const bool own_thread_;
  mutable std::mutex mutex_;
  std::vector<std::function<void()>> next_,
      now_; // who waits for the next look, and for the one under way
  bool running_ = false;
  bool closed_ = false;
  clock::time_point began_{};
};

} // namespace dbengine::engine
