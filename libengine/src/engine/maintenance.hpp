// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Upkeep: what the maintenance requests do on a worker's connection.
// Thread rule: on the thread that has the connection.

#pragma once

#include "engine/engine.hpp"

#include <dbengine/maintenance.hpp>
#include <dbengine/value.hpp>

#include <string_view>

namespace dbengine::engine::maintenance {

/// What is asked for. `argument`: a table, a checkpoint's mode or a pragma's name; `setting`: the pragma's value.
struct job {
  maintenance_kind what = maintenance_kind::optimize;
  std::string argument = {};
  value setting = {};
};

/// The name of the mode in a `maintenance_request`.
std::string_view name_of(checkpoint_mode m);

/// It needs the write connection.
bool writes(maintenance_kind k) noexcept;

/// Throws `errc::too_big` for a name or value that nothing has: it would wait uncounted.
void check(const job& m);

/// Throws `error`.
maintenance_result run(engine& core, sqlite::connection& c, const job& m,
                       sqlite::request_control& ctl);

} // namespace dbengine::engine::maintenance
