// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What the supervisor knows of its children, for whoever asks for statistics and health.
// Thread rule: written by who starts the supervisor, then by that, read from any thread, under its own mutex; nothing hot touches it.

#pragma once

#include <dbengine/stats.hpp>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace dbengine::actors::workers {

class worker_status_table {
public:
  /// A child more, before the supervisor runs.
  void add(std::string name) {
    const std::lock_guard lock(mutex_);
    workers_.emplace_back().name = std::move(name);
  }
  template <class F>
  void update(std::size_t child, F&& f) {
    const std::lock_guard lock(mutex_);
    f(workers_[child]);
  }
  std::vector<worker_health> read() const {
    const std::lock_guard lock(mutex_);
    return workers_;
  }

private:
  mutable std::mutex mutex_;
  std::vector<worker_health> workers_;
};

} // namespace dbengine::actors::workers
