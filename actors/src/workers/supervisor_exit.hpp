// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The outcome of a supervisor's end, for the thread that stops the engine.
// Thread safety: any thread.

#pragma once

#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace dbengine::actors::workers {

/// A one-shot event with the names of the children that did not end. The event is set however the
/// supervisor ends.
class supervisor_exit {
public:
  /// `abandoned`: children that still run, because each is in a statement that cannot be
  /// interrupted. Only the first call counts.
  void set(std::vector<std::string> abandoned) {
    std::call_once(once_, [&] { promise_.set_value(std::move(abandoned)); });
  }
  /// False if the supervisor has not ended by then.
  bool wait_until(std::chrono::steady_clock::time_point t) const {
    return future_.wait_until(t) == std::future_status::ready;
  }
  /// Only after `wait_until` returned true.
  const std::vector<std::string>& abandoned() const { return future_.get(); }

private:
  std::once_flag once_;
  std::promise<std::vector<std::string>> promise_;
  std::shared_future<std::vector<std::string>> future_ = promise_.get_future().share();
};

} // namespace dbengine::actors::workers
