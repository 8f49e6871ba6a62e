// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Statistics, health and database information, put together from the core and the supervisor's board.
// Thread rule: any thread.

#pragma once

#include "backup_service.hpp"
#include "board.hpp"
#include "engine_core.hpp"

#include <dbengine/backup.hpp>
#include <dbengine/stats.hpp>

namespace dbengine::actors {

statistics report_statistics(const detail::engine_core& core, const board& b,
                             const backup_service& backups);
/// `waited`: for how long a look at the disk has been under way.
health_report report_health(detail::engine_core& core, const board& b,
                            const backup_service& backups,
                            detail::clock::duration waited = detail::clock::duration(0));
/// Reads pragmas: needs a connection.
database_info report_database(const detail::engine_core& core, detail::connection& c,
                              detail::control& ctl);

} // namespace dbengine::actors
