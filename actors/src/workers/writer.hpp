// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The writer: the worker behind the engine's queue of writes.
// Thread safety: an actor. Ownership: none; it drains the queue of the engine it shares. Cost:
// detached, a thread.

#pragma once

#include "engine/engine.hpp"
#include "workers/child_life.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>

namespace dbengine::actors::workers {

struct writer_state {
  static constexpr const char* name = "dbengine.writer";
};

/// Opens the write connection, then reports that it is ready. It ends with the error if the
/// connection cannot be opened, or if a group failed for another reason than one of its statements.
writer_actor::behavior_type writer(writer_actor::stateful_pointer<writer_state> self,
                                   std::shared_ptr<engine::engine> core, child_life life);

} // namespace dbengine::actors::workers
