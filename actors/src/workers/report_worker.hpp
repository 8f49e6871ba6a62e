// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Answers a question about the engine that files have a part in. Scheduled, one for each question; owns the answer until it is given.
//
// Why an actor for each? The answer waits for a look at the disk, and nobody else may wait with it.

#pragma once

#include "engine/background_refresh.hpp"
#include "engine/backups/backup_service.hpp"
#include "engine/engine.hpp"
#include "workers/worker_status.hpp"

#include <dbengine/actors/handles.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>

namespace dbengine::actors::workers {

struct report_state {
  static constexpr const char* name = "dbengine.report";
  report_state() = default; // no aggregate: CAF would make it of its actor's pointer

  /// Gives the answer; called once.
  std::function<void()> answer;
  int awaited = 0; // looks
};

/// What it may ask and tell of.
struct report_sources {
  std::shared_ptr<engine::engine> core = nullptr;
  std::shared_ptr<worker_status_table> workers = nullptr;
  std::shared_ptr<engine::backup_service> backups = nullptr;
  std::shared_ptr<engine::background_refresh> disk = nullptr;
};

report_actor::behavior_type report_worker(report_actor::stateful_pointer<report_state> self,
                                          report_sources from);

} // namespace dbengine::actors::workers
