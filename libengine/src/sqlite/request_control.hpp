// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The deadline and cancellation of one request, looked at by SQLite's progress and busy handlers.
// Thread rule: used by the thread that runs the request, but for `kill`, which any thread may call.

#pragma once

#include "base/processor_share.hpp"

#include <dbengine/error.hpp>
#include <dbengine/options.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stop_token>

namespace dbengine::sqlite {

using clock = std::chrono::steady_clock;

/// The longest wait there is. Whoever asks for a longer one gets this: what is added to a moment then never overflows.
inline constexpr std::chrono::milliseconds longest_wait = std::chrono::hours(24 * 365);

/// `t` from now on; now, where it is negative.
inline clock::time_point deadline_after(std::chrono::milliseconds t) noexcept {
  return clock::now() + std::clamp(t, std::chrono::milliseconds(0), longest_wait);
}

/// What stops a running request. A relative timeout is armed by the first look at it, so that a point read, which
/// ends before anybody looks, never reads the clock (25 ns, a twentieth of the read).
class request_control {
public:
  request_control() = default;
  /// `timeout` counts from the first look.
  request_control(std::chrono::milliseconds timeout, std::stop_token cancel)
      : timeout_(timeout), cancel_(std::move(cancel)) {}
  request_control(clock::time_point deadline, std::stop_token cancel)
      : deadline_(deadline), cancel_(std::move(cancel)) {}
  request_control(request_control&& other) noexcept
      : timeout_(other.timeout_), deadline_(other.deadline_), cancel_(std::move(other.cancel_)),
        max_results_(other.max_results_), killed_(other.killed_.load(std::memory_order_relaxed)),
        commit_(other.commit_.load(std::memory_order_relaxed)) {}
  request_control& operator=(request_control&&) = delete;

  /// It runs where others wait for the place: it stops with `errc::busy` as soon as this is not 0.
  void give_way_to(const std::atomic<std::size_t>& waiting) noexcept { waiting_ = &waiting; }
  bool gave_way() const noexcept { return waiting_ != nullptr && stopped_ == errc::busy; }
  /// It runs again where it is in nobody's way.
  void keep_going() noexcept {
    waiting_ = nullptr;
    stopped_ = errc::none;
  }

  /// True where the request must stop; remembers why.
  bool must_stop() noexcept {
    if (stopped_ != errc::none)
      return true;
    if (waiting_ != nullptr && waiting_->load(std::memory_order_relaxed) != 0) {
      stopped_ = errc::busy;
      return true;
    }
    if (killed_.load(std::memory_order_relaxed))
      stopped_ = killed_code_;
    else if (cancel_.stop_requested())
      stopped_ = errc::cancelled;
    else if (timeout_.count() > 0 || deadline_ != clock::time_point{}) {
      const auto now = clock::now();
      if (first_look_ == clock::time_point{})
        first_look_ = now;
      else
        looked_again_ = true;
      if (deadline_ == clock::time_point{})
        deadline_ = now + std::min(timeout_, longest_wait);
      if (now >= deadline_)
        stopped_ = errc::timeout;
    }
    return stopped_ != errc::none;
  }

  /// Of one who shares the machine with others: it lets their threads run wherever it is looked at a second time and on.
  void share_processor() noexcept { shares_processor_ = true; }
  void let_others_run() noexcept {
    if (shares_processor_ && looked_again_)
      share_.yield();
  }

  /// Why it was stopped, `none` where it was not.
  errc stopped() const noexcept { return stopped_; }
  /// Stops the request from another thread, with this code as the reason.
  void kill(errc why) noexcept {
    killed_code_.store(why, std::memory_order_relaxed);
    killed_.store(true, std::memory_order_release);
  }
  /// The caller asked to stop, or somebody killed it. Any thread.
  bool cancel_requested() const noexcept {
    return cancel_.stop_requested() || killed_.load(std::memory_order_relaxed);
  }

  /// At COMMIT: true where this request may commit. From then on nobody can forbid it.
  bool try_commit() noexcept {
    auto before = commit_free;
    return commit_.compare_exchange_strong(before, commit_begun, std::memory_order_acq_rel) ||
           before == commit_begun;
  }
  /// True where it has not committed and never will. Any thread.
  bool forbid_commit() noexcept {
    auto before = commit_free;
    return commit_.compare_exchange_strong(before, commit_forbidden, std::memory_order_acq_rel) ||
           before == commit_forbidden;
  }

  /// A part of it is committed and stays, whatever becomes of the rest. Told before the next part may be forbidden.
  void keep_part() noexcept { part_kept_.store(true, std::memory_order_release); }
  bool part_kept() const noexcept { return part_kept_.load(std::memory_order_acquire); }

  /// The commit has begun: from here on nothing stops it.
  bool committing() const noexcept {
    return commit_.load(std::memory_order_relaxed) == commit_begun;
  }

  /// What all results of the request may hold together, in bytes; 0: no bound.
  void bound_results(std::size_t bytes) noexcept { max_results_ = bytes; }
  /// What a next result may hold.
  std::size_t results_left() const noexcept {
    return max_results_ == 0 ? std::numeric_limits<std::size_t>::max()
                             : max_results_ - std::min(max_results_, gathered_);
  }
  /// A result is kept until the answer. False where that is beyond the bound.
  bool keep_result(std::size_t bytes) noexcept {
    gathered_ += bytes;
    return max_results_ == 0 || gathered_ <= max_results_;
  }
  /// It runs anew: no result is kept yet.
  void drop_results() noexcept { gathered_ = 0; }

  clock::time_point deadline() const noexcept { return deadline_; }
  /// Somebody looked twice: it ran a while. (SQLite counts the steps of a statement over all its runs, so that one look
  /// comes to any run.)
  bool looked_again() const noexcept { return looked_again_; }
  clock::time_point first_look() const noexcept { return first_look_; }
  /// The commit did not come to pass, or another statement with a commit of its own comes: it can be forbidden again.
  void commit_failed() noexcept {
    auto before = commit_begun;
    if (commit_.load(std::memory_order_relaxed) != before)
      return;
    commit_.compare_exchange_strong(before, commit_free, std::memory_order_acq_rel);
  }
  /// Forgets that it was stopped, for a member of a group that runs again.
  void reset() noexcept { stopped_ = errc::none; }

private:
  std::chrono::milliseconds timeout_{0};
  clock::time_point deadline_{};
  clock::time_point first_look_{};
  bool looked_again_ = false;
  bool shares_processor_ = false;
  base::processor_share share_;
  std::stop_token cancel_;
  std::size_t max_results_ = 0;
  std::size_t gathered_ = 0;
  std::atomic<bool> killed_{false};
  std::atomic<errc> killed_code_{errc::cancelled};
  errc stopped_ = errc::none;
  // free: nobody decided. begun: the worker did. forbidden: whoever answered in its place did; terminal.
  static constexpr std::uint8_t commit_free = 0, commit_begun = 1, commit_forbidden = 2;
  std::atomic<std::uint8_t> commit_{commit_free};
  std::atomic<bool> part_kept_{false};
  const std::atomic<std::size_t>* waiting_ = nullptr;
};

} // namespace dbengine::sqlite
