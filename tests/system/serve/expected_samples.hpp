// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dbengine::test {

/// The value of each metric according to the JSON of one database, by the metric's name and labels.
inline std::vector<std::pair<std::string, double>> expected_samples(const nlohmann::json& d) {
  std::vector<std::pair<std::string, double>> all;
  const std::string name = d["name"];
  const auto& s = d["statistics"];
  const auto add = [&](const std::string& metric, const nlohmann::json& value,
                       const std::string& before = "", const std::string& after = "") {
    all.emplace_back("dbengine_" + metric + "{" + before + "database=\"" + name + "\"" + after +
                         "}",
                     value.is_boolean() ? value.get<bool>() : value.get<double>());
  };
  // Every figure is a counter with its own name, except these.
  static const std::map<std::string, std::string> others{
      {"queue_size", "queue_requests"},
      {"queue_bytes", "queue_bytes"},
      {"largest_group", "largest_group"},
      {"leases_open", "leases_open"},
      {"wal_bytes", "wal_bytes"},
      {"requests", ""}, // the sums of those by class
      {"errors", ""},
      {"uptime", ""}, // changes between two requests
      {"backup_interval", ""},
      {"last_backup_time", ""}}; // reported by the backup's own metrics
  for (const auto& [key, value] : s.items()) {
    if (!value.is_number())
      continue;
    const auto other = others.find(key);
    if (other == others.end())
      add(key + "_total", value);
    else if (!other->second.empty())
      add(other->second, value);
  }
  for (const auto& [kind, c] : s["classes"].items()) {
    const auto of_class = "class=\"" + kind + "\",";
    add("requests_total", c["count"], of_class);
    add("request_errors_total", c["errors"], of_class);
    add("rows_total", c["rows"], of_class);
    add("request_waits_total", c["wait"]["count"], of_class);
    for (const auto& [label, key] :
         {std::pair{"0.5", "p50"}, std::pair{"0.9", "p90"}, std::pair{"0.99", "p99"},
          std::pair{"0.999", "p99.9"}, std::pair{"1", "max"}}) {
      const auto quantile = ",quantile=\"" + std::string(label) + "\"";
      add("request_run_seconds", c["run"][key], of_class, quantile);
      add("request_wait_seconds", c["wait"][key], of_class, quantile);
    }
  }
  add("healthy", d["health"]["ok"]);
  add("wal_bytes", d["database"]["wal_bytes"]);
  add("database_bytes", d["database"]["file_bytes"]);
  add("pages", d["database"]["page_count"]);
  add("free_pages", d["database"]["freelist_count"]);
  add("backup_failures_total", d["backup"]["failed"]);
  add("backup_files", d["backup"]["files"].size());
  return all;
}

} // namespace dbengine::test
