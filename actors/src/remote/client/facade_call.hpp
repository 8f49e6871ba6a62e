// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A call whose sender waits for it in a thread.
// Thread rule: `wait` by the sender alone.

#pragma once

#include "remote/client/remote_call.hpp"

#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace dbengine::actors::remote {

class facade_call final : public remote_call {
public:
  using remote_call::remote_call;

  /// False where `cancel` came first. There is no time limit: the link finishes every call at its
  /// deadline.
  bool wait(const std::stop_token& cancel) {
    std::unique_lock lock(mutex_);
    return answered_.wait(lock, cancel, [this] { return there_; });
  }

  void finished() noexcept override {
    const std::lock_guard lock(mutex_);
    there_ = true;
    answered_.notify_all();
  }

private:
  std::mutex mutex_;
  std::condition_variable_any answered_;
  bool there_ = false;
};

} // namespace dbengine::actors::remote
