// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A backup worker: runs one backup, verification or removal, then ends.
// Thread safety: an actor. Ownership: shares the backup service. Cost: detached, a thread for as
// long as it works.

#pragma once

#include "engine/backups/backup_service.hpp"
#include "workers/interfaces.hpp"
#include "workers/progress_listeners.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>

namespace dbengine::actors::workers {

struct backup_worker_state {
  static constexpr const char* name = "dbengine.backup_worker";
};

backup_worker_actor::behavior_type backup_worker(
    backup_worker_actor::stateful_pointer<backup_worker_state> self,
    std::shared_ptr<engine::backup_service> service, std::shared_ptr<progress_listeners> listeners);

} // namespace dbengine::actors::workers
