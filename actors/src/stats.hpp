// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The stats actor: gathers what the workers count, off everybody's hot path. Scheduled.

#pragma once

#include "background_look.hpp"
#include "backup_service.hpp"
#include "board.hpp"
#include "engine_core.hpp"

#include <dbengine/actors/handles.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>

namespace dbengine::actors {

struct stats_state {
  static constexpr const char* name = "dbengine.stats";
};

/// `backups` adds what the backups count.
stats_actor::behavior_type stats(stats_actor::stateful_pointer<stats_state> self,
                                 std::shared_ptr<detail::engine_core> core,
                                 std::shared_ptr<board> b, std::shared_ptr<backup_service> backups,
                                 std::shared_ptr<background_look> disk);

} // namespace dbengine::actors
