// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// When a running request must stop: its deadline, its cancellation, a kill, a preemption.
// Thread safety: the thread that runs the request; `kill` and `cancel_requested` by any thread.

#pragma once

#include "base/processor_share.hpp"
#include "sqlite/clock.hpp"

#include <dbengine/error.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <stop_token>
#include <utility>

namespace dbengine::sqlite {

/// The stop conditions of one request, polled by SQLite's progress and busy handlers.
///
/// A relative timeout starts at the first check. A point read ends before the first check and
/// never reads the clock (25 ns, a twentieth of the read).
class deadline {
public:
  deadline() = default;
  /// `timeout` counts from the first check; 0 means none.
  deadline(std::chrono::milliseconds timeout, std::stop_token cancel)
      : timeout_(timeout), cancel_(std::move(cancel)) {}
  deadline(clock::time_point at, std::stop_token cancel) : at_(at), cancel_(std::move(cancel)) {}
  deadline(deadline&& other) noexcept
      : timeout_(other.timeout_), at_(other.at_), cancel_(std::move(other.cancel_)),
        killed_(other.killed_.load(std::memory_order_relaxed)) {}
  deadline& operator=(deadline&&) = delete;

  // -- preemption: the request runs in a place that other requests wait for ---------------------

  /// Makes the request preemptible: it stops with `errc::busy` when `waiting` becomes non-zero.
  void set_preemptible(const std::atomic<std::size_t>& waiting) noexcept { waiting_ = &waiting; }
  bool was_preempted() const noexcept { return waiting_ != nullptr && reason_ == errc::busy; }
  /// Ends preemptibility and clears the stop reason, so that the request can run again elsewhere.
  void clear_preemptible() noexcept {
    waiting_ = nullptr;
    reason_ = errc::none;
  }

  // -- checks ------------------------------------------------------------------------------------

  /// True if the request must stop; remembers the reason.
  bool must_stop() noexcept {
    if (reason_ != errc::none)
      return true;
    if (waiting_ != nullptr && waiting_->load(std::memory_order_relaxed) != 0) {
      reason_ = errc::busy;
      return true;
    }
    if (killed_.load(std::memory_order_relaxed))
      reason_ = kill_code_;
    else if (cancel_.stop_requested())
      reason_ = errc::cancelled;
    else if (timeout_.count() > 0 || at_ != clock::time_point{}) {
      const auto now = clock::now();
      if (first_check_ == clock::time_point{})
        first_check_ = now;
      else
        checked_again_ = true;
      if (at_ == clock::time_point{})
        at_ = now + std::min(timeout_, longest_wait);
      if (now >= at_)
        reason_ = errc::timeout;
    }
    return reason_ != errc::none;
  }
  /// The reason why the request stopped; `none` if it did not.
  errc stop_reason() const noexcept { return reason_; }

  /// True if the request ran for a while: it was checked twice. One check proves nothing, because
  /// SQLite counts the steps of a statement over all its runs.
  bool was_checked_again() const noexcept { return checked_again_; }
  clock::time_point first_check() const noexcept { return first_check_; }

  /// Makes `yield_if_shared` yield from the second check on.
  void share_processor() noexcept { shares_processor_ = true; }
  void yield_if_shared() noexcept {
    if (shares_processor_ && checked_again_)
      share_.yield();
  }

  // -- any thread --------------------------------------------------------------------------------

  /// Stops the request with this code as the reason.
  void kill(errc why) noexcept {
    kill_code_.store(why, std::memory_order_relaxed);
    killed_.store(true, std::memory_order_release);
  }
  /// True if the caller cancelled the request or another thread killed it.
  bool cancel_requested() const noexcept {
    return cancel_.stop_requested() || killed_.load(std::memory_order_relaxed);
  }

private:
  std::chrono::milliseconds timeout_{0};
  clock::time_point at_{}; // zero: none yet
  clock::time_point first_check_{};
  bool checked_again_ = false;
  bool shares_processor_ = false;
  base::processor_share share_;
  std::stop_token cancel_;
  std::atomic<bool> killed_{false};
  std::atomic<errc> kill_code_{errc::cancelled};
  errc reason_ = errc::none;
  const std::atomic<std::size_t>* waiting_ = nullptr;
};

} // namespace dbengine::sqlite
