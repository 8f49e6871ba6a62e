// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Statistics, health and database information, composed of what the engine, the supervisor and the
// backup service know.
// Thread safety: any thread. Cost: memory only, except for `report_database`.

#pragma once

#include "engine/backups/backup_service.hpp"
#include "engine/engine.hpp"
#include "workers/worker_status_table.hpp"

#include <dbengine/backup.hpp>
#include <dbengine/stats.hpp>

namespace dbengine::actors::workers {

statistics report_statistics(engine::engine& core, const worker_status_table& table,
                             const engine::backup_service& backups);
/// `waited`: for how long a sample of the disk has been awaited.
health_report report_health(engine::engine& core, const worker_status_table& table,
                            const engine::backup_service& backups,
                            sqlite::clock::duration waited = sqlite::clock::duration(0));
/// Reads pragmas on the connection.
database_info report_database(engine::engine& core, sqlite::connection& c,
                              sqlite::request_control& ctl);

} // namespace dbengine::actors::workers
