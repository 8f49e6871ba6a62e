// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A reader: one of the workers behind the engine's queue of reads, or the one behind its queue of
// checks.
// Thread safety: an actor. Ownership: owns its connection. Cost: detached, a thread.

#pragma once

#include "engine/engine.hpp"
#include "workers/child_life.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <cstddef>
#include <memory>

namespace dbengine::actors::workers {

struct reader_state {
  static constexpr const char* name = "dbengine.reader";
  /// Null in a spare reader, and in the maintenance reader while it has nothing to check.
  std::unique_ptr<sqlite::connection> conn;
};

/// The reader ends with the error if its connection cannot be opened, or fails for another reason
/// than a statement.
reader_actor::behavior_type reader(reader_actor::stateful_pointer<reader_state> self,
                                   std::shared_ptr<engine::engine> core, std::size_t index,
                                   child_life life);

} // namespace dbengine::actors::workers
