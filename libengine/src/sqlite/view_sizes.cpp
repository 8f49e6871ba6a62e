// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/view_sizes.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace dbengine::sqlite {

namespace {

// Empty if SQLite has no memory for the text.
std::optional<std::string> text_of(sqlite3_stmt* s, int column) {
  if (sqlite3_column_type(s, column) == SQLITE_NULL) // written by hand
    return "";
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(s, column));
  if (text == nullptr)
    return std::nullopt;
  return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(s, column)));
}

} // namespace

view_sizes::~view_sizes() {
  sqlite3_finalize(version_);
}

int view_sizes::refresh(bool changed) {
  std::uint32_t commits = 0;
  sqlite3_file_control(db_, "main", SQLITE_FCNTL_DATA_VERSION, &commits);
  if (schema_version_ >= 0 && commits == commits_ && !changed)
    return SQLITE_OK;
  const int rc = load();
  // If loading opened a snapshot, the count is that of the snapshot.
  sqlite3_file_control(db_, "main", SQLITE_FCNTL_DATA_VERSION, &commits_);
  return rc;
}

int view_sizes::load() {
  int rc = SQLITE_OK;
  if (version_ == nullptr)
    rc = sqlite3_prepare_v3(db_, "PRAGMA main.schema_version", -1, SQLITE_PREPARE_PERSISTENT,
                            &version_, nullptr);
  if (rc != SQLITE_OK)
    return rc;
  rc = sqlite3_step(version_);
  const auto now = sqlite3_column_int64(version_, 0);
  if (const int ended = sqlite3_reset(version_); rc != SQLITE_ROW)
    return ended;
  if (now == schema_version_)
    return SQLITE_OK;
  views_.clear();
  schema_version_ = -1; // until all are loaded
  sqlite3_stmt* raw = nullptr;
  rc =
      sqlite3_prepare_v2(db_, "SELECT lower(name), sql FROM main.sqlite_schema WHERE type = 'view'",
                         -1, &raw, nullptr);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, &sqlite3_finalize);
  if (rc != SQLITE_OK)
    return rc;
  while ((rc = sqlite3_step(raw)) == SQLITE_ROW) {
    const auto name = text_of(raw, 0);
    const auto text = text_of(raw, 1);
    if (!name || !text)
      return SQLITE_NOMEM;
    views_[*name].text = *text;
  }
  if (rc != SQLITE_DONE)
    return rc;
  schema_version_ = now;
  return SQLITE_OK;
}

extent view_sizes::largest_with(const std::string& name, std::string_view create_view) {
  schema_version_ = -1; // the present sizes are right only if the statement runs
  for (auto& [_, v] : views_)
    v.is = view::state::unknown;
  views_[name] = {.text = std::string(create_view)};
  extent largest;
  for (const auto& [other, _] : views_) {
    const auto one = size_of(other, 0);
    largest.tokens = std::max(largest.tokens, one.tokens);
    largest.height = std::max(largest.height, one.height);
  }
  return largest;
}

extent view_sizes::size_of(const std::string& name, std::size_t depth) {
  const auto found = views_.find(name);
  if (found == views_.end() ||
      found->second.is == view::state::in_progress) // a circle, which SQLite refuses
    return {};
  auto& v = found->second;
  if (v.is == view::state::known)
    return v.size;
  if (depth > most_extent.height)
    return most_extent;
  v.is = view::state::in_progress;
  try {
    v.size = size_of_statement(v.text, [this, depth](const std::string& n) {
               return size_of(n, depth + 1);
             }).written_out;
  } catch (...) { // out of memory
    v.is = view::state::unknown;
    throw;
  }
  v.is = view::state::known;
  return v.size;
}

} // namespace dbengine::sqlite
