// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The table of worker states: the supervisor writes it, statistics and health read it.
// Thread safety: any thread; no request reads or writes it.

#pragma once

#include "base/thread_annotations.hpp"
#include "workers/worker_id.hpp"

#include <dbengine/stats.hpp>

#include <string>
#include <utility>
#include <vector>

namespace dbengine::actors::workers {

struct worker_status {
  worker_id id = {};
  worker_health health = {};
};

class worker_status_table {
public:
  /// Adds a child. The opening thread adds all of them, in the order of their start, before the
  /// supervisor runs.
  void add(const worker_id& id, std::string name) {
    const base::scoped_lock lock(mutex_);
    auto& added = workers_.emplace_back();
    added.id = id;
    added.health.name = std::move(name);
  }
  /// `f` changes the child's state. It must not block: the lock is held.
  template <class F>
  void update(std::size_t child, F&& f) {
    const base::scoped_lock lock(mutex_);
    f(workers_[child].health);
  }
  std::vector<worker_status> read() const {
    const base::scoped_lock lock(mutex_);
    return workers_;
  }

private:
  mutable base::mutex mutex_;
  std::vector<worker_status> workers_ DBENGINE_GUARDED_BY(mutex_);
};

} // namespace dbengine::actors::workers
