// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A backup worker: one backup, verification or removal in a thread of its own, then the end. Detached.

#pragma once

#include "engine/backups/backup_service.hpp"

#include <dbengine/actors/handles.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <memory>

namespace dbengine::actors::workers {

struct backup_worker_state {
  static constexpr const char* name = "dbengine.backup_worker";
};

backup_worker_actor::behavior_type backup_worker(
    backup_worker_actor::stateful_pointer<backup_worker_state> self,
    std::shared_ptr<engine::backup_service> service);

} // namespace dbengine::actors::workers
