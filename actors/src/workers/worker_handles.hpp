// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The current handles of an engine's workers.
// Thread safety: any thread.

#pragma once

#include "base/thread_annotations.hpp"
#include "workers/interfaces.hpp"

#include <utility>
#include <vector>

namespace dbengine::actors::workers {

/// One handle for each worker; null before its first start and after the engine's end.
struct worker_handles {
  writer_actor writer = {};
  std::vector<reader_actor> readers = {};
  reader_pool_actor reader_pool = {};
  stats_actor stats = {};
  backup_scheduler_actor backup_scheduler = {};
  supervisor_actor supervisor = {};
};

/// The handles, replaced at each start of a worker.
class worker_handle_table {
public:
  explicit worker_handle_table(std::size_t readers) {
    const base::scoped_lock lock(mutex_);
    handles_.readers.resize(readers);
  }

  /// Returns a consistent copy of all handles.
  worker_handles read() const {
    const base::scoped_lock lock(mutex_);
    return handles_;
  }
  /// Returns what `f` selects from the handles. Why not `read`? It copies the readers' handles: an
  /// allocation for each wake-up.
  template <class F>
  auto select(F f) const {
    const base::scoped_lock lock(mutex_);
    return f(handles_);
  }
  template <class F>
  void update(F f) {
    const base::scoped_lock lock(mutex_);
    f(handles_);
  }
  /// Returns the handles and removes them from the table.
  worker_handles clear() {
    const base::scoped_lock lock(mutex_);
    return std::exchange(handles_, {});
  }

private:
  mutable base::mutex mutex_;
  worker_handles handles_ DBENGINE_GUARDED_BY(mutex_);
};

} // namespace dbengine::actors::workers
