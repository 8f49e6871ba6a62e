// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "view_sizes.hpp"

#include "error_map.hpp"

#include <dbengine/error.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <memory>

namespace dbengine::detail {

namespace {

template <class F>
void for_each_row(sqlite3* db, const char* sql, F&& f) {
  sqlite3_stmt* raw = nullptr;
  int rc = sqlite3_prepare_v2(db, sql, -1, &raw, nullptr);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, &sqlite3_finalize);
  if (rc == SQLITE_OK)
    while ((rc = sqlite3_step(raw)) == SQLITE_ROW)
      f(raw);
  if (rc != SQLITE_DONE)
    throw error(last_error(db, rc, 0, "reading the views"));
}

std::string text_of(sqlite3_stmt* s, int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(s, column));
  return text != nullptr
             ? std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(s, column)))
             : std::string();
}

} // namespace

void view_sizes::load() {
  std::int64_t now = 0;
  for_each_row(db_, "PRAGMA schema_version",
               [&now](sqlite3_stmt* s) { now = sqlite3_column_int64(s, 0); });
  if (now == schema_version_)
    return;
  views_.clear();
  schema_version_ = -1;
  for_each_row(db_, "SELECT lower(name), sql FROM main.sqlite_schema WHERE type = 'view'",
               [this](sqlite3_stmt* s) { views_[text_of(s, 0)].text = text_of(s, 1); });
  schema_version_ = now;
}

extent view_sizes::of(const std::string& name) {
  load();
  return size_of(name);
}

extent view_sizes::largest_with(const std::string& name, std::string_view create_view) {
  load();
  schema_version_ = -1; // what is learnt now is true only if it is run
  for (auto& [_, v] : views_)
    v.is = view::state::unknown;
  views_[name] = {.text = std::string(create_view)};
  extent largest;
  for (const auto& [other, _] : views_) {
    const auto one = size_of(other);
    largest.tokens = std::max(largest.tokens, one.tokens);
    largest.height = std::max(largest.height, one.height);
  }
  return largest;
}

extent view_sizes::size_of(const std::string& name) {
  const auto found = views_.find(name);
  if (found == views_.end() ||
      found->second.is == view::state::under_way) // SQLite refuses a circle
    return {};
  auto& v = found->second;
  if (v.is == view::state::known)
    return v.size;
  if (depth_ > most_extent.height)
    return most_extent;
  v.is = view::state::under_way;
  ++depth_;
  v.size =
      size_of_statement(v.text, [this](const std::string& n) { return size_of(n); }).written_out;
  --depth_;
  v.is = view::state::known;
  return v.size;
}

} // namespace dbengine::detail
