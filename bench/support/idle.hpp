// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The cost of an open but unused database: threads that wake up, and memory.

#pragma once

#include "settings.hpp"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <string>

namespace dbengine::bench {

/// The argument that makes a program the probe of an idle subject; see `run_idle_probe`.
inline constexpr const char* idle_probe_flag = "--idle-probe";

/// Starts this program again for each subject, so that memory left by other workloads does not
/// count. Returns the figures of the probes: wake-ups per second, resident bytes, threads.
nlohmann::json measure_idle(const settings& s, const std::filesystem::path& original,
                            const std::filesystem::path& folder);

std::string idle_text(const nlohmann::json& result);

/// The probe: argv is `program --idle-probe SUBJECT FILE MEMSTATUS`. Opens FILE, reads and writes a
/// little, waits for the work that follows a write (checkpoint, released snapshots), then counts.
/// Prints one line of JSON.
int run_idle_probe(int argc, char** argv);

} // namespace dbengine::bench
