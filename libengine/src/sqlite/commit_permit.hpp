// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Decides whether a request may commit: its worker and the thread that answers in the worker's
// place compete. Thread safety: `try_forbid`, `mark_part_committed` and `is_part_committed` by any
// thread; the others by the thread that runs the request.

#pragma once

#include <atomic>
#include <cstdint>

namespace dbengine::sqlite {

/// The right to commit one request, granted once for each attempt.
class commit_permit {
public:
  commit_permit() = default;
  commit_permit(commit_permit&& other) noexcept
      : state_(other.state_.load(std::memory_order_relaxed)) {}
  commit_permit& operator=(commit_permit&&) = delete;

  /// Called at COMMIT: true if this request may commit. After that, the commit cannot be forbidden.
  bool try_begin() noexcept {
    auto before = state::free;
    return state_.compare_exchange_strong(before, state::begun, std::memory_order_acq_rel) ||
           before == state::begun;
  }
  /// True if the request has not committed and never will.
  bool try_forbid() noexcept {
    auto before = state::free;
    return state_.compare_exchange_strong(before, state::forbidden, std::memory_order_acq_rel) ||
           before == state::forbidden;
  }
  /// True once the commit has begun: nothing stops the request from then on.
  bool has_begun() const noexcept { return state_.load(std::memory_order_relaxed) == state::begun; }
  /// Starts a new attempt after a failed commit or before the next statement with its own commit:
  /// the commit may be forbidden again. Does not lift a prohibition.
  void begin_attempt() noexcept {
    auto before = state::begun;
    if (state_.load(std::memory_order_relaxed) != before)
      return;
    state_.compare_exchange_strong(before, state::free, std::memory_order_acq_rel);
  }

  /// Records that a part of the request is committed and stays, whatever happens to the other
  /// parts. Called before the next part may be forbidden.
  void mark_part_committed() noexcept { part_committed_.store(true, std::memory_order_release); }
  bool is_part_committed() const noexcept {
    return part_committed_.load(std::memory_order_acquire);
  }

private:
  enum class state : std::uint8_t {
    free,     ///< initial, and set by `begin_attempt`; ended by `try_begin` or `try_forbid`
    begun,    ///< set by the worker at COMMIT; ended by `begin_attempt`
    forbidden ///< set by the thread that answers in the worker's place; terminal
  };
  std::atomic<state> state_{state::free};
  std::atomic<bool> part_committed_{false};
};

} // namespace dbengine::sqlite
