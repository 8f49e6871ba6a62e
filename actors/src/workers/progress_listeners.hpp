// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The progress channels of callers that follow their backups, by the id of the actor that sent the
// request.
// Thread safety: any thread.
//
// Why not a field of the request? A channel cannot cross the wire, and the public message has none.

#pragma once

#include "base/thread_annotations.hpp"
#include "workers/progress_channel.hpp"

#include <caf/fwd.hpp>

#include <map>
#include <memory>
#include <utility>

namespace dbengine::actors::workers {

class progress_listeners {
public:
  /// Called before the request is sent. The caller removes the channel when the request is
  /// answered.
  void add(caf::actor_id sender, std::shared_ptr<progress_channel> channel) {
    const base::scoped_lock lock(mutex_);
    channels_[sender] = std::move(channel);
  }
  void remove(caf::actor_id sender) noexcept {
    const base::scoped_lock lock(mutex_);
    channels_.erase(sender);
  }
  /// Null if the sender follows no backup.
  std::shared_ptr<progress_channel> find(caf::actor_id sender) const {
    const base::scoped_lock lock(mutex_);
    const auto it = channels_.find(sender);
    return it != channels_.end() ? it->second : nullptr;
  }

private:
  mutable base::mutex mutex_;
  std::map<caf::actor_id, std::shared_ptr<progress_channel>> channels_ DBENGINE_GUARDED_BY(mutex_);
};

} // namespace dbengine::actors::workers
