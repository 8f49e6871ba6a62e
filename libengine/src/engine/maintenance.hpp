// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "engine/engine.hpp"

#include <dbengine/maintenance.hpp>
#include <dbengine/value.hpp>

#include <string_view>

/// The maintenance requests, run on a worker's connection.
/// Thread safety: the thread that has the connection.
namespace dbengine::engine::maintenance {

/// A maintenance request. `argument`: a table, a checkpoint's mode or a pragma's name; `setting`:
/// the pragma's value.
struct job {
  maintenance_kind what = maintenance_kind::optimize;
  std::string argument = {};
  value setting = {};
};

/// The name of the mode in a `maintenance_request`.
std::string_view name_of(checkpoint_mode m);

/// Whether the request needs the write connection.
bool writes(maintenance_kind k) noexcept;

/// Throws `errc::too_big` if a name or value is longer than any real one: the admission does not
/// count its bytes.
void check(const job& m);

/// Throws `error`.
maintenance_result run(engine& e, sqlite::connection& c, const job& m,
                       sqlite::request_control& ctl);

} // namespace dbengine::engine::maintenance
