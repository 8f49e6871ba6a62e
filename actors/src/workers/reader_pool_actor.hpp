// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The maintenance of the reader pool and of the actors' cursors: releases idle snapshots, closes
// connections and cursors that are not used, and ends the connections of closed cursors.
// Thread safety: an actor. Ownership: its timers; pool and cursors are the engine's, because
// callers lease connections without a message. Cost: detached, because each step may wait for a
// disk; it wakes only while there is something to maintain.

#pragma once

#include "engine/engine.hpp"
#include "engine/read/cursor_table.hpp"
#include "workers/child_life.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>

namespace dbengine::actors::workers {

struct reader_pool_state {
  static constexpr const char* name = "dbengine.reader_pool";
  reader_pool_state() = default; // no aggregate: CAF would make its bool of the actor's pointer
  /// A `close_idle_connections` is on its way: set by a sweep that found no snapshot, ended by its
  /// arrival.
  bool close_scheduled = false;
};

reader_pool_actor::behavior_type reader_pool(
    reader_pool_actor::stateful_pointer<reader_pool_state> self,
    std::shared_ptr<engine::engine> core, std::shared_ptr<engine::cursor_table> cursors,
    child_life life);

} // namespace dbengine::actors::workers
