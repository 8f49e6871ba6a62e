// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "serve/pages.hpp"

#include "output/stats_value.hpp"
#include "serve/metrics.hpp"

#include <unistd.h>

namespace dbengine::app::serve {

namespace {

using namespace std::chrono_literals;
using json = nlohmann::ordered_json;

/// Shorter than the timeout of a scraper.
constexpr auto snapshot_timeout = 2s;

std::vector<snapshot_result> collect_snapshots(const served_databases& from) {
  std::vector<snapshot_result> all;
  for (const auto& d : from.databases) {
    snapshot_result one{.name = d->name(), .where = d->where()};
    try {
      one.what = d->collect_snapshot(snapshot_timeout);
    } catch (const dbengine::error& e) {
      one.failure = e.message();
    }
    all.push_back(std::move(one));
  }
  return all;
}

const char* name_of(server_state s) {
  return s == server_state::starting ? "starting" : s == server_state::ready ? "ready" : "draining";
}

http::answer json_page(const json& value, int status = 200) {
  return {.status = status,
          .type = "application/json; charset=utf-8",
          .body = json_text(value, 2) + "\n"};
}

http::answer stats(const served_databases& from) {
  const auto now = std::chrono::system_clock::now();
  const auto unix_seconds = [](std::chrono::system_clock::time_point t) {
    return std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
  };
  json databases = json::array();
  for (const auto& d : collect_snapshots(from)) {
    json one{{"name", d.name}, {"listen", d.where}, {"up", d.what.has_value()}};
    if (d.what) {
      one.update(stats_value(d.what->statistics, d.what->health,
                             d.what->database.value_or(database_info())));
      if (!d.what->database)
        one["database"] = nullptr; // health reports the reason
      one["backup"] = d.what->backup ? backup_value(*d.what->backup) : json();
    } else {
      one["failure"] = d.failure;
    }
    databases.push_back(std::move(one));
  }
  return json_page({{"version", DBENGINE_VERSION},
                    {"process", ::getpid()},
                    {"state", name_of(from.state)},
                    {"time", unix_seconds(now)},
                    {"started", unix_seconds(from.started)},
                    {"databases", std::move(databases)}});
}

http::answer metrics(const served_databases& from) {
  return {.type = "text/plain; version=0.0.4; charset=utf-8",
          .body = metrics_text(collect_snapshots(from))};
}

std::string stuck_text(const database& d, std::chrono::milliseconds most) {
  const auto t = d.stuck_for();
  return t == 0ms || t < most
             ? std::string()
             : "no write, or no read, has completed for " +
                   std::to_string(std::chrono::duration_cast<std::chrono::seconds>(t).count()) +
                   " s: statements do not return";
}

// A live process is one that a restart would not improve; `ready` requires more.
http::answer health(const served_databases& from, bool ready,
                    std::chrono::milliseconds most_stuck) {
  json databases = json::array();
  bool good = !ready || from.state == server_state::ready;
  for (const auto& d : from.databases) {
    const auto h = d->health();
    json problems = h.problems;
    const auto stuck = stuck_text(*d, most_stuck);
    if (!stuck.empty())
      problems.push_back(stuck);
    const bool ok = stuck.empty() && (h.ok || !ready);
    good = good && ok;
    databases.push_back({{"name", d->name()}, {"ok", ok}, {"problems", std::move(problems)}});
  }
  return json_page(
      {{"ok", good}, {"state", name_of(from.state)}, {"databases", std::move(databases)}},
      good ? 200 : 503);
}

} // namespace

std::vector<std::string> reasons_to_restart(const served_databases& from,
                                            std::chrono::milliseconds most) {
  std::vector<std::string> all;
  for (const auto& d : from.databases)
    if (auto text = stuck_text(*d, most); !text.empty())
      all.push_back("database " + d->name() + ": " + text);
  return all;
}

http::pages make_pages(const served_databases& from, std::chrono::milliseconds most_stuck) {
  const auto probe = [&from, most_stuck](bool ready) {
    return http::page{
        .make = [&from, most_stuck, ready] { return health(from, ready, most_stuck); },
        .probe = true};
  };
  return {{"/api/stats", {.make = [&from] { return stats(from); }}},
          {"/metrics", {.make = [&from] { return metrics(from); }}},
          {"/healthz", probe(false)},
          {"/readyz", probe(true)}};
}

} // namespace dbengine::app::serve
