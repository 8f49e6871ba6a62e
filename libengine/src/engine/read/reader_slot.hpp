// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/thread_annotations.hpp"
#include "engine/counters.hpp"
#include "engine/request.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace dbengine::engine {

/// active: takes work. Ended by `retire` and by stepping down.
/// spare: has a thread and no connection. Ended when it takes another reader's place.
/// retired: in a statement that cannot be interrupted. Set by the watchdog; ended by the reader
///   itself when the statement returns: active if a reader is missing, else spare.
/// maintenance: runs only checks of the whole file. Terminal.
enum class reader_role : std::uint8_t { active, spare, retired, maintenance };

/// The state of one reader actor in the engine.
/// Thread safety: any thread. Roles change with the mutex of `reader_roles` held.
struct reader_slot {
  std::atomic<reader_role> role{reader_role::active};
  std::atomic<bool> circuit_open{false};
  std::atomic<bool> alive{false};
  mutable base::mutex mutex;
  request_ptr current DBENGINE_GUARDED_BY(mutex);
  std::uint64_t life DBENGINE_GUARDED_BY(mutex) = 0; // the number of its incarnations
  worker_counters counters;                          // written by the reader

  request_ptr running() const {
    const base::scoped_lock lock(mutex);
    return current;
  }
  void set_running(request_ptr r) {
    const base::scoped_lock lock(mutex);
    current = std::move(r);
  }
};

using reader_slots = std::vector<std::unique_ptr<reader_slot>>;

} // namespace dbengine::engine
