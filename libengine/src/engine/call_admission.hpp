// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "sqlite/request_control.hpp"

#include <dbengine/options.hpp>

#include <atomic>

namespace dbengine::engine {

/// Decides whether the calling thread may call the engine now.
/// Thread safety: any thread.
/// Cost: three loads for an admitted call.
class call_admission {
public:
  /// `o` must outlive the object.
  explicit call_admission(const options& o);

  /// Runs all three checks below.
  void admit() const;
  /// Throws `errc::forked` in a process forked from the one that opened the engine.
  void check_process() const;
  /// Throws `errc::invalid_state` inside a function or collation that a statement of this engine
  /// calls: the caller would wait for its own statement.
  void refuse_nested() const;
  /// Throws `errc::shut_down` after `stop_accepting`.
  void check_accepting() const;

  bool forked() const noexcept;
  bool accepting() const noexcept { return accepting_.load(std::memory_order_relaxed); }
  /// The same, ordered after a lock that the caller took: either the shutdown sees the lock, or the
  /// caller sees false.
  bool accepting_in_order() const noexcept { return accepting_.load(std::memory_order_seq_cst); }
  /// Refuses new requests from now on.
  void stop_accepting() noexcept { accepting_.store(false, std::memory_order_seq_cst); }

  sqlite::clock::time_point deadline_of(const request_options& o) const noexcept;

private:
  const options* options_;
  std::atomic<bool> accepting_{true};
  const int forks_at_open_;
};

} // namespace dbengine::engine
