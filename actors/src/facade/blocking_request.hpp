// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How a thread waits for the answer to its request: a futex of its own with a timed wait.
// Thread rule: `wait_until` by the sender, `answered` by whoever finishes.
//
// Why not a CAF request with a timeout? Finite timeouts on blocking actors are never cancelled: after 100,000 requests
// their rate falls from 280 k/s to 1 k/s (PLATFORM).

#pragma once

#include "engine/request.hpp"

namespace dbengine::actors::facade {

class blocking_request final : public engine::request {
public:
  using engine::request::request;

  /// False where the time passed without an answer.
  bool wait_until(sqlite::clock::time_point t) noexcept;
  /// Wakes the sender without an answer, to look at its cancel token: where it is awake, its next wait ends at once.
  void nudge() noexcept;

  void refuse(const error_info& why) noexcept override;
  /// Set where somebody else answered in the worker's place. After `wait_until` returned true.
  const std::optional<error_info>& refusal() const noexcept { return refusal_; }

private:
  void answered() noexcept override;

  // awake: the sender looks by itself. asleep: it must be woken. nudged: it is not to sleep; ended by its next wait. answered is
  // terminal.
  enum : std::uint32_t { awake = 0, asleep = 1, answer_there = 2, nudged = 3 };
  std::atomic<std::uint32_t> word_{awake};
  std::optional<error_info> refusal_; // not `failure`: the worker may be writing that
};

} // namespace dbengine::actors::facade
