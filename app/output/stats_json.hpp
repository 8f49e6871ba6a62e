// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Statistics, health and file data as JSON and as tables.
#pragma once

#include "ui/terminal.hpp"

#include <dbengine/stats.hpp>

#include <string>

namespace dbengine::app {

/// One object with the members "statistics", "health" and "database"; durations in seconds.
std::string stats_json(const statistics& s, const health_report& h, const database_info& d);

/// The same as tables. The counters of an engine that has done nothing are omitted.
std::string stats_tables(const statistics& s, const health_report& h, const database_info& d,
                         const ui::terminal& t);

} // namespace dbengine::app
