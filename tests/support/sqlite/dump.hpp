// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The schema and all rows of a database, from any object with a `fetch`: the same text as
// `plain_sqlite::dump`.

#pragma once

#include "support/engine/work.hpp"

#include <string>

namespace dbengine::test {

template <class Database>
std::string dump_of(const Database& db) {
  std::string all;
  const auto add = [&](const rows& r) {
    const auto text = text_of(r);
    const auto first = text.find('\n'); // after the names of the columns
    all += first == text.npos ? "" : text.substr(first + 1) + "\n";
  };
  const std::string shown = std::string(shown_in_dumps) + " ORDER BY ";
  add(db.fetch("SELECT type, name, sql FROM sqlite_schema WHERE " + shown + "type, name"));
  for (const auto& t :
       db.fetch("SELECT name FROM sqlite_schema WHERE type = 'table' AND " + shown + "name")) {
    std::string quoted;
    for (const char c : t[0].template as<std::string>())
      quoted += c == '"' ? "\"\"" : std::string(1, c);
    all += "-- " + t[0].template as<std::string>() + "\n";
    add(db.fetch("SELECT * FROM \"" + quoted + "\""));
  }
  return all;
}

} // namespace dbengine::test
