// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A report worker: answers one question about the engine after new samples of the disk, then ends.
// Thread safety: an actor. Ownership: owns the answer until it is given. Cost: scheduled; it never
// blocks.
//
// Why an actor for each question? The answer waits for a sample of the disk, and no other question
// may wait with it.

#pragma once

#include "engine/background_refresh.hpp"
#include "engine/backups/backup_service.hpp"
#include "engine/engine.hpp"
#include "workers/interfaces.hpp"
#include "workers/worker_status_table.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>

namespace dbengine::actors::workers {

struct report_state {
  static constexpr const char* name = "dbengine.report";
  report_state() = default; // not an aggregate: CAF would initialize it from its actor's pointer

  /// Delivers the answer; called once.
  std::function<void()> answer;
  /// Samples that have not been taken yet.
  int awaited = 0;
};

/// The sources of its reports.
struct report_sources {
  std::shared_ptr<engine::engine> core = nullptr;
  std::shared_ptr<worker_status_table> workers = nullptr;
  std::shared_ptr<engine::backup_service> backups = nullptr;
  std::shared_ptr<engine::background_refresh> disk = nullptr;
};

report_actor::behavior_type report_worker(report_actor::stateful_pointer<report_state> self,
                                          report_sources from);

} // namespace dbengine::actors::workers
