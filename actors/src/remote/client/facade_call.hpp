// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A call whose sender waits for the answer in its own thread.
// Thread safety: only the sender calls `wait`.

#pragma once

#include "base/thread_annotations.hpp"
#include "remote/client/remote_call.hpp"

#include <condition_variable>
#include <stop_token>

namespace dbengine::actors::remote {

class facade_call final : public remote_call {
public:
  using remote_call::remote_call;

  /// Returns false if `cancel` was requested first. There is no time limit: the link finishes every
  /// call at its deadline.
  bool wait(const std::stop_token& cancel) {
    base::scoped_lock lock(mutex_);
    return answered_.wait(lock, cancel, [this]() DBENGINE_REQUIRES(mutex_) { return there_; });
  }

  void finished() noexcept override {
    const base::scoped_lock lock(mutex_);
    there_ = true;
    answered_.notify_all();
  }

private:
  base::mutex mutex_;
  std::condition_variable_any answered_;
  bool there_ DBENGINE_GUARDED_BY(mutex_) = false;
};

} // namespace dbengine::actors::remote
