// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The reader pool looks after the leases and the actors' cursors: gives up idle snapshots, closes connections and cursors
// that nobody uses, and ends the connections of cursors that were closed. Detached: all of it may wait for a disk. It wakes only
// while there is something to look after.

#pragma once

#include "engine/engine.hpp"
#include "engine/read/cursor_table.hpp"

#include <dbengine/actors/handles.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <memory>

namespace dbengine::actors::workers {

struct reader_pool_state {
  static constexpr const char* name = "dbengine.reader_pool";
  bool ticking = false;
  bool closing = false;
};

reader_pool_actor::behavior_type reader_pool(
    reader_pool_actor::stateful_pointer<reader_pool_state> self,
    std::shared_ptr<engine::engine> core, std::shared_ptr<engine::cursor_table> cursors);

} // namespace dbengine::actors::workers
