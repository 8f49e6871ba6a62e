// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Makes workers of one engine throw, exit or stall at the fault points of the library.
// Thread safety: any thread; one killer at a time.
// Ownership: shares the engine until it ends.

#pragma once

#include "support/engine/facade_internals.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

namespace dbengine::test {

enum class death : std::uint8_t {
  throws, ///< throws an exception that is not one of the engine's
  exits,  ///< the actor at the point gets an exit message with reason kill
  stalls  ///< the worker stays there until `release`
};
std::string to_string(death d);

class killer {
public:
  struct plan {
    std::string point;
    death how = death::throws;
    /// The number of times that the point is passed unharmed first.
    std::uint64_t after = 0;
  };

  explicit killer(std::shared_ptr<actors::system::engine_system> h);
  ~killer();
  killer(const killer&) = delete;
  killer& operator=(const killer&) = delete;

  void arm(plan p);
  /// Releases stalled workers, now and from now on.
  void release();
  /// Waits until all plans have struck; false if some have not within `bound`.
  bool struck(std::chrono::milliseconds bound);
  std::uint64_t kills() const noexcept { return kills_.load(); }
  /// Names the plans that have not struck.
  std::string left() const;
  /// Discards those plans.
  void disarm();

private:
  void at(std::string_view point);
  void send_exit(std::string_view point);

  std::shared_ptr<actors::system::engine_system> engine_;
  mutable std::mutex mutex_; // guards plans_, released_, turn_
  std::condition_variable changed_;
  std::vector<plan> plans_;
  bool released_ = false;
  std::size_t turn_ = 0;
  std::atomic<bool> armed_{false};
  std::atomic<std::uint64_t> kills_{0};
};

} // namespace dbengine::test
