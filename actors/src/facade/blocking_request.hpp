// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A request whose sender waits for the answer on a futex.
// Thread safety: `wait_until` by the sender, `wake` by any thread, `refuse` and the answer by the
// thread that finishes it.
//
// Why not a CAF request with a timeout? Finite timeouts of blocking actors are never cancelled:
// after 100,000 requests their rate falls from 280 k/s to 1 k/s (docs/measurements.md).

#pragma once

#include "engine/request.hpp"

namespace dbengine::actors::facade {

class blocking_request final : public engine::request {
public:
  using engine::request::request;

  /// False if the time passed without an answer, or if `wake` was called.
  bool wait_until(sqlite::clock::time_point t) noexcept;
  /// Wakes the sender without an answer, so that it checks its cancel token. If the sender is
  /// awake, its next wait ends at once.
  void wake() noexcept;

  void refuse(const error_info& why) noexcept override;
  /// Set if another thread than the worker answered. Only after `wait_until` returned true.
  const std::optional<error_info>& refusal() const noexcept { return refusal_; }

private:
  void answered() noexcept override;

  // awake: the sender runs; set by the end of a wait. asleep: it waits in the futex; set by the
  // sender, ended by the answer, by `wake` or by its deadline. woken: it must not sleep; set by
  // `wake`, ended by its next wait. answer_set: terminal; set by the thread that finishes the
  // request.
  enum : std::uint32_t { awake = 0, asleep = 1, answer_set = 2, woken = 3 };
  std::atomic<std::uint32_t> word_{awake};
  // Why not `failure`? The worker may be writing that.
  std::optional<error_info> refusal_;
};

} // namespace dbengine::actors::facade
