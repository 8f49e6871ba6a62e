// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The stats actor: has a worker for each question about what the other actors count. Scheduled.

#pragma once

#include <dbengine/actors/handles.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <functional>

namespace dbengine::actors::workers {

struct stats_state {
  static constexpr const char* name = "dbengine.stats";
};

/// Makes an actor that answers one question, which may wait for a look at the disk.
using start_report_worker = std::function<report_actor()>;

stats_actor::behavior_type stats(stats_actor::stateful_pointer<stats_state> self,
                                 start_report_worker start);

} // namespace dbengine::actors::workers
