// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Upkeep: what the maintenance requests do on a worker's connection.
// Thread rule: on the thread that has the connection.

#pragma once

#include "engine_core.hpp"

#include <dbengine/actors/messages.hpp>

namespace dbengine::actors::maintenance {

/// It needs the write connection.
bool writes(maintenance_kind k) noexcept;

/// Throws `errc::too_big` for a name or value that nothing has: it would wait uncounted.
void check(const maintenance_request& m);

/// Throws `error`.
maintenance_result run(detail::engine_core& core, detail::connection& c,
                       const maintenance_request& m, detail::control& ctl);

} // namespace dbengine::actors::maintenance
