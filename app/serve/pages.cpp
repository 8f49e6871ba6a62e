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

/// Less than what a scraper waits.
constexpr auto look_timeout = 2s;

std::vector<looked> look(const served& from) {
  std::vector<looked> all;
  for (const auto& d : from.databases) {
    looked one{.name = d->name(), .where = d->where()};
    try {
      one.what = d->look(look_timeout);
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

page json_page(const json& value, int status = 200) {
  return {.status = status,
          .type = "application/json; charset=utf-8",
          .body = json_text(value, 2) + "\n"};
}

page stats(const served& from) {
  const auto now = std::chrono::system_clock::now();
  const auto unix_seconds = [](std::chrono::system_clock::time_point t) {
    return std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
  };
  json databases = json::array();
  for (const auto& d : look(from)) {
    json one{{"name", d.name}, {"listen", d.where}, {"up", d.what.has_value()}};
    if (d.what) {
      one.update(stats_value(d.what->statistics, d.what->health,
                             d.what->database.value_or(database_info())));
      if (!d.what->database)
        one["database"] = nullptr; // health says why
      one["backup"] = backup_value(d.what->backup);
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

page metrics(const served& from) {
  return {.type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_text(look(from))};
}

// `ready` asks for more than an answer.
page health(const served& from, bool ready) {
  json databases = json::array();
  bool good = !ready || from.state == server_state::ready;
  for (const auto& d : from.databases) {
    json problems = json::array();
    bool ok = true;
    try {
      const auto h = d->health(look_timeout);
      ok = h.ok || !ready;
      problems = h.problems;
    } catch (const dbengine::error& e) {
      // While it drains an engine refuses questions; it is alive all the same.
      ok = !ready && from.state == server_state::draining && e.code() == errc::shut_down;
      problems.push_back(e.message());
    }
    good = good && ok;
    databases.push_back({{"name", d->name()}, {"ok", ok}, {"problems", std::move(problems)}});
  }
  return json_page(
      {{"ok", good}, {"state", name_of(from.state)}, {"databases", std::move(databases)}},
      good ? 200 : 503);
}

} // namespace

std::map<std::string, page_maker> make_pages(const served& from) {
  return {{"/api/stats", [&from] { return stats(from); }},
          {"/metrics", [&from] { return metrics(from); }},
          {"/healthz", [&from] { return health(from, false); }},
          {"/readyz", [&from] { return health(from, true); }}};
}

} // namespace dbengine::app::serve
