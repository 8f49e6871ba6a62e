// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How a supervision ended, for whoever stops the engine.
// Thread rule: any thread.

#pragma once

#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace dbengine::actors::workers {

/// How a supervision ended: fulfilled once, whatever becomes of the supervisor.
class supervisor_exit {
public:
  /// `left`: children that did not end, because they sit in a statement that cannot be interrupted.
  void set(std::vector<std::string> left) {
    std::call_once(once_, [&] { promise_.set_value(std::move(left)); });
  }
  /// False where it has not ended by then.
  bool wait_until(std::chrono::steady_clock::time_point t) const {
    return future_.wait_until(t) == std::future_status::ready;
  }
  /// Those left behind; after `wait_until` returned true.
  const std::vector<std::string>& left() const { return future_.get(); }

private:
  std::once_flag once_;
  std::promise<std::vector<std::string>> promise_;
  std::shared_future<std::vector<std::string>> future_ = promise_.get_future().share();
};

} // namespace dbengine::actors::workers
