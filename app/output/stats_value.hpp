// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An engine's reports as JSON values; durations in seconds, times in seconds since 1970.
#pragma once

#include <dbengine/backup.hpp>
#include <dbengine/stats.hpp>

#include <nlohmann/json.hpp>

namespace dbengine::app {

/// Members "statistics", "health" and "database".
nlohmann::ordered_json stats_value(const statistics& s, const health_report& h,
                                   const database_info& d);

nlohmann::ordered_json backup_value(const backup_info& b);

/// On one line or indented; bytes that are not UTF-8 are replaced.
std::string json_text(const nlohmann::ordered_json& value, int indent);

} // namespace dbengine::app
