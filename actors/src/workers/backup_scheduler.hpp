// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The backup scheduler: waits for the period and passes requests on to workers.
// Thread safety: an actor. Ownership: shares the backup service. Cost: scheduled; it never blocks.

#pragma once

#include "engine/backups/backup_service.hpp"
#include "workers/child_life.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>

namespace dbengine::actors::workers {

struct backup_scheduler_state {
  static constexpr const char* name = "dbengine.backup_scheduler";
};

/// Starts a worker in its own thread, for one piece of work.
using start_backup_worker = std::function<backup_worker_actor()>;

/// `start_report` makes an actor that answers one question and may wait for the folder.
backup_scheduler_actor::behavior_type backup_scheduler(
    backup_scheduler_actor::stateful_pointer<backup_scheduler_state> self,
    std::shared_ptr<engine::backup_service> service, bool periodic, start_backup_worker start,
    std::function<report_actor()> start_report, child_life life);

} // namespace dbengine::actors::workers
