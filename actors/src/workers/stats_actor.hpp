// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The stats actor: passes each question about the engine to a separate report worker.
// Thread safety: an actor. Ownership: none. Cost: scheduled; it never blocks.

#pragma once

#include "workers/child_life.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <functional>

namespace dbengine::actors::workers {

struct stats_state {
  static constexpr const char* name = "dbengine.stats";
};

/// Makes an actor that answers one question and may wait for a sample of the disk.
using start_report_worker = std::function<report_actor()>;

stats_actor::behavior_type stats(stats_actor::stateful_pointer<stats_state> self,
                                 start_report_worker start, child_life life);

} // namespace dbengine::actors::workers
