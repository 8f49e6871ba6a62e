// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How a backup worker asks the thread that ordered the backup whether to go on.
// Thread safety: `ask` by the worker, `decide` and `progress` by the listener.

#pragma once

#include "base/thread_annotations.hpp"
#include "workers/interfaces.hpp"

#include <dbengine/backup.hpp>

#include <caf/actor.hpp>

#include <condition_variable>
#include <functional>
#include <memory>
#include <optional>

namespace dbengine::actors::workers {

class progress_channel : public std::enable_shared_from_this<progress_channel> {
public:
  /// `listener` gets a `backup_step` for each question, and calls `decide` on its own thread.
  explicit progress_channel(caf::actor listener) : listener_(std::move(listener)) {}

  /// Sends a step and waits for the verdict: true to go on. It also returns false as soon as
  /// `wanted` does: a listener that does not answer must not delay the engine's shutdown.
  bool ask(const backup_progress& p, const std::function<bool()>& wanted);

  backup_progress progress() const {
    const base::scoped_lock lock(mutex_);
    return progress_;
  }
  void decide(bool go_on);

private:
  const caf::actor listener_;
  mutable base::mutex mutex_;
  std::condition_variable_any decided_;
  backup_progress progress_ DBENGINE_GUARDED_BY(mutex_);
  std::optional<bool> verdict_ DBENGINE_GUARDED_BY(mutex_);
};

} // namespace dbengine::actors::workers
