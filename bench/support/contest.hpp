// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Runs a workload for every subject in paired rounds and compares the ratios with the target.

#pragma once

#include "settings.hpp"
#include "workloads.hpp"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace dbengine::bench {

/// The results of one subject, round by round.
struct record {
  std::string subject;
  std::vector<double> rates;
  std::vector<double> fairness;
  latencies times;
};

struct outcome {
  workload asked;
  std::vector<record> records;
  double foreign = 0;
  const record* find(std::string_view subject) const;
};

/// In each round every subject is opened again, one after the other (raw, engine, sqlitecpp, raw,
/// …). Each opens a fresh copy of `original` in a folder below `folder`; the data of the round is
/// removed at its end.
outcome compete(const workload& w, const settings& s, const std::filesystem::path& original,
                const std::filesystem::path& folder);

/// A paragraph of text: rates, ratios with their spread, the target, and whether it is met.
std::string to_text(const outcome& o);
nlohmann::json to_json(const outcome& o);

/// Whether every target of the row is met; empty if the engine did not run.
std::optional<bool> met(const outcome& o);

open_settings open_settings_for(const settings& s, dbengine::synchronous sync);

} // namespace dbengine::bench
