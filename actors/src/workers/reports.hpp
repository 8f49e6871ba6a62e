// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Statistics, health and database information, put together from the core and the supervisor's board.
// Thread rule: any thread.

#pragma once

#include "engine/backups/backup_service.hpp"
#include "engine/engine.hpp"
#include "workers/worker_status.hpp"

#include <dbengine/backup.hpp>
#include <dbengine/stats.hpp>

namespace dbengine::actors::workers {

statistics report_statistics(engine::engine& core, const worker_status_table& b,
                             const engine::backup_service& backups);
/// `waited`: for how long a look at the disk has been under way.
health_report report_health(engine::engine& core, const worker_status_table& b,
                            const engine::backup_service& backups,
                            sqlite::clock::duration waited = sqlite::clock::duration(0));
/// Reads pragmas: needs a connection.
database_info report_database(engine::engine& core, sqlite::connection& c,
                              sqlite::request_control& ctl);

} // namespace dbengine::actors::workers
