// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/sqlite/plain_sqlite.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <stdexcept>

namespace dbengine::test {

namespace {

std::string column(sqlite3_stmt* s, int i) {
  switch (sqlite3_column_type(s, i)) {
  case SQLITE_INTEGER: return "i" + std::to_string(sqlite3_column_int64(s, i));
  case SQLITE_FLOAT: {
    char text[40];
    std::snprintf(text, sizeof text, "r%.17g", sqlite3_column_double(s, i));
    return text;
  }
  case SQLITE_TEXT:
  case SQLITE_BLOB: {
    const bool text = sqlite3_column_type(s, i) == SQLITE_TEXT;
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(s, i));
    return (text ? "t" : "b") + std::string(bytes == nullptr ? "" : bytes,
                                            static_cast<std::size_t>(sqlite3_column_bytes(s, i)));
  }
  default: return "null";
  }
}

// Binds integers, texts and nulls, the values that work has. Returns false if they do not fit the
// statement.
bool bind(sqlite3_stmt* s, const params& p) {
  const int wanted = sqlite3_bind_parameter_count(s);
  if (static_cast<std::size_t>(wanted) != p.size())
    return false;
  for (int i = 1; i <= wanted; ++i) {
    std::size_t from = static_cast<std::size_t>(i - 1);
    if (p.named()) {
      const char* name = sqlite3_bind_parameter_name(s, i);
      const auto it =
          std::find(p.names().begin(), p.names().end(), name == nullptr ? "" : name + 1);
      if (it == p.names().end())
        return false;
      from = static_cast<std::size_t>(it - p.names().begin());
    }
    const auto& v = p.values()[from].data();
    if (const auto* n = std::get_if<std::int64_t>(&v))
      sqlite3_bind_int64(s, i, *n);
    else if (const auto* text = std::get_if<std::string>(&v))
      sqlite3_bind_text(s, i, text->data(), static_cast<int>(text->size()), SQLITE_TRANSIENT);
    else
      sqlite3_bind_null(s, i);
  }
  return true;
}

void tick(sqlite3_context* c, int, sqlite3_value**) {
  sqlite3_result_int(c, 1);
}

} // namespace

plain_sqlite::plain_sqlite(const std::string& file) {
  if (sqlite3_open(file.c_str(), &db_) != SQLITE_OK) {
    const std::string why = sqlite3_errmsg(db_);
    sqlite3_close(db_);
    throw std::runtime_error(file + ": " + why);
  }
  sqlite3_extended_result_codes(db_, 1);
  sqlite3_create_function_v2(db_, "tick", 1, SQLITE_UTF8, nullptr, &tick, nullptr, nullptr,
                             nullptr);
  script("PRAGMA foreign_keys = ON");
}

plain_sqlite::~plain_sqlite() {
  sqlite3_close(db_);
}

std::unique_ptr<plain_sqlite> plain_sqlite::copy() const {
  auto c = std::make_unique<plain_sqlite>();
  sqlite3_backup* b = sqlite3_backup_init(c->db_, "main", db_, "main");
  if (b == nullptr || sqlite3_backup_step(b, -1) != SQLITE_DONE)
    throw std::runtime_error("the copy of the reference database failed");
  sqlite3_backup_finish(b);
  c->done_ = done_;
  return c;
}

void plain_sqlite::script(const std::string& sql) {
  char* why = nullptr;
  if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, &why) != SQLITE_OK) {
    const std::string text = why == nullptr ? "?" : why;
    sqlite3_free(why);
    throw std::runtime_error(sql.substr(0, 200) + ": " + text);
  }
}

std::string plain_sqlite::statement(const operation& o, std::size_t* consumed) {
  failed_ = true;
  refused_ = false;
  const auto failure = [&] {
    const int at = sqlite3_error_offset(db_);
    return "error " + std::to_string(sqlite3_extended_errcode(db_)) + " " + sqlite3_errmsg(db_) +
           (at >= 0 ? " at " + std::to_string(at) : "");
  };
  sqlite3_stmt* s = nullptr;
  const char* tail = nullptr;
  if (sqlite3_prepare_v2(db_, o.sql.c_str(), -1, &s, &tail) != SQLITE_OK)
    return failure();
  if (consumed != nullptr)
    *consumed = static_cast<std::size_t>(tail - o.sql.c_str());
  if (s == nullptr) {
    failed_ = false;
    return {};
  }
  if (!bind(s, o.parameters)) {
    sqlite3_finalize(s);
    refused_ = true;
    return "refused bind";
  }
  const auto before = sqlite3_total_changes64(db_);
  // SQLite remembers the last rowid of any statement; only this statement's rowid is wanted.
  constexpr auto none = std::numeric_limits<sqlite3_int64>::min();
  sqlite3_set_last_insert_rowid(db_, none);
  std::string text = "rows";
  for (int i = 0; i < sqlite3_column_count(s); ++i)
    text += "|" + std::string(sqlite3_column_name(s, i));
  int rc = SQLITE_ROW;
  while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
    text += "\n";
    for (int i = 0; i < sqlite3_column_count(s); ++i)
      text += (i == 0 ? "" : "|") + column(s, i);
  }
  const bool returns = sqlite3_column_count(s) > 0;
  if (rc != SQLITE_DONE) {
    text = failure();
    sqlite3_finalize(s);
    return text;
  }
  sqlite3_finalize(s);
  failed_ = false;
  if (o.what == operation::kind::fetch || (consumed != nullptr && returns))
    return text;
  // The total also grows when full text flushes pending changes, in any later statement.
  const auto word = o.sql.substr(std::min(o.sql.find_first_not_of(" \n"), o.sql.size()), 6);
  const bool moved =
      (word == "INSERT" || word == "UPDATE" || word == "DELETE" || word == "REPLAC") &&
      sqlite3_total_changes64(db_) != before;
  // Full text also reports the rowid of an updated row; the engine reports those of inserted rows.
  const auto rowid = word == "UPDATE" ? none : sqlite3_last_insert_rowid(db_);
  return "changes " + std::to_string(moved ? sqlite3_changes64(db_) : 0) + " rowid " +
         std::to_string(moved && rowid != none ? rowid : 0);
}

std::string plain_sqlite::run(const work& w) {
  changed_ = false;
  if (const auto done = done_.find(w.key); !w.key.empty() && done != done_.end())
    return done->second;
  const auto schema = [&] {
    sqlite3_stmt* s = nullptr;
    sqlite3_prepare_v2(db_, "PRAGMA schema_version", -1, &s, nullptr);
    sqlite3_step(s);
    const auto v = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return v;
  };
  const auto schema_before = schema();
  const auto rows_before = sqlite3_total_changes64(db_);
  auto text = steps(w);
  changed_ = sqlite3_total_changes64(db_) != rows_before;
  // VACUUM increments the schema version and changes nothing.
  if (w.operations.front().sql != "VACUUM")
    changed_ = changed_ || schema() != schema_before;
  if (!w.key.empty() && !text.starts_with("error ") && !text.starts_with("refused "))
    done_[w.key] = text;
  return text;
}

std::string plain_sqlite::steps(const work& w) {
  if (w.forbidden)
    return "refused not_allowed";
  if (w.endless)
    return "refused timeout";
  switch (w.what) {
  case work::kind::execute:
  case work::kind::fetch: return run_single(w);
  case work::kind::batch: return run_batch(w);
  case work::kind::transaction: return run_transaction(w);
  case work::kind::script:
  case work::kind::script_each: return run_script(w);
  case work::kind::nested: return run_nested(w);
  }
  return {};
}

bool plain_sqlite::in_transaction() const {
  return sqlite3_get_autocommit(db_) == 0;
}

std::string plain_sqlite::undo(std::string text) {
  if (in_transaction())
    script("ROLLBACK");
  return text;
}

std::string plain_sqlite::finish(std::string text) {
  if (sqlite3_exec(db_, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK)
    return text;
  const int code = sqlite3_extended_errcode(db_);
  return undo("error " + std::to_string(code) +
              ((code & 0xff) == SQLITE_CONSTRAINT ? " " : " the commit failed: ") +
              sqlite3_errmsg(db_));
}

std::string plain_sqlite::run_single(const work& w) {
  if (w.key.empty())
    return statement(w.operations.front());
  // The id's record is committed or rolled back with the statement, so everything is.
  script("BEGIN IMMEDIATE");
  auto text = statement(w.operations.front());
  return failed_ ? undo(text) : finish(text);
}

std::string plain_sqlite::run_batch(const work& w) {
  script("BEGIN IMMEDIATE");
  std::int64_t changes = 0;
  for (std::size_t i = 0; i < w.sets.size(); ++i) {
    const auto before = sqlite3_total_changes64(db_);
    auto text = statement(operation::execute(w.operations.front().sql, w.sets[i]));
    if (failed_)
      return undo(text + " index " + std::to_string(i));
    if (sqlite3_total_changes64(db_) != before)
      changes += sqlite3_changes64(db_);
  }
  return finish("sets " + std::to_string(w.sets.size()) + " changes " + std::to_string(changes));
}

std::string plain_sqlite::run_transaction(const work& w) {
  script("BEGIN IMMEDIATE");
  std::string text = "transaction";
  for (std::size_t i = 0; i < w.operations.size(); ++i) {
    const auto one = statement(w.operations[i]);
    if (failed_)
      return undo(one + " index " + std::to_string(i));
    text += "\n" + one;
  }
  return finish(text);
}

std::string plain_sqlite::run_script(const work& w) {
  const bool all = w.what == work::kind::script;
  const auto& sql = w.operations.front().sql;
  std::string text = "script";
  if (all)
    script("BEGIN IMMEDIATE");
  std::size_t index = 0;
  for (std::size_t at = 0; at < sql.size(); ++index) {
    std::size_t size = sql.size() - at;
    auto one = statement(operation::execute(sql.substr(at)), &size);
    if (one.empty())
      break;
    if (failed_) {
      // Positions count from the start of the script. An error without a position has that of its
      // statement's first byte.
      const auto place = one.rfind(" at ");
      const auto offset = place == one.npos ? at : at + std::stoull(one.substr(place + 4));
      one = one.substr(0, place) + " at " + std::to_string(offset);
      if (all)
        return undo(one + " index " + std::to_string(index));
      if (size == sql.size() - at) // it did not compile: resume after its semicolon
        size = sql.find(";\n", at) == sql.npos ? size : sql.find(";\n", at) + 1 - at;
    }
    text += "\n" + one;
    at += size;
    if (!all && between)
      between();
  }
  return all ? finish(text) : text;
}

std::string plain_sqlite::run_nested(const work& w) {
  script("BEGIN IMMEDIATE");
  std::string text = "nested";
  bool left = false; // the savepoint was rolled back
  for (std::size_t i = 0; i < w.operations.size(); ++i) {
    const bool inner = i > 0 && i + 1 < w.operations.size();
    if (i == 1)
      script("SAVEPOINT s");
    if (i + 1 == w.operations.size() && !left)
      script("RELEASE s");
    if (inner && left)
      continue;
    if (!in_transaction())
      return text + "\nlost";
    const auto one = statement(w.operations[i]);
    text += "\n" + one;
    if (!failed_)
      continue;
    if (!inner)
      return undo(text);
    left = true;
    if (in_transaction())
      script("ROLLBACK TO s; RELEASE s");
  }
  return finish(text);
}

std::string plain_sqlite::dump() {
  std::string all;
  std::vector<std::string> tables;
  sqlite3_stmt* s = nullptr;
  const auto prepare = [&](const std::string& sql) {
    if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &s, nullptr) != SQLITE_OK)
      throw std::runtime_error(sql + ": " + sqlite3_errmsg(db_));
  };
  const auto read = [&] {
    while (sqlite3_step(s) == SQLITE_ROW) {
      for (int i = 0; i < sqlite3_column_count(s); ++i)
        all += (i == 0 ? "" : "|") + column(s, i);
      all += "\n";
    }
    sqlite3_finalize(s);
  };
  const std::string shown = std::string(shown_in_dumps) + " ORDER BY ";
  prepare("SELECT type, name, sql FROM sqlite_schema WHERE " + shown + "type, name");
  read();
  prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND " + shown + "name");
  while (sqlite3_step(s) == SQLITE_ROW)
    tables.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(s, 0)));
  sqlite3_finalize(s);
  for (const auto& t : tables) {
    all += "-- " + t + "\n";
    std::string quoted;
    for (const char c : t)
      quoted += c == '"' ? "\"\"" : std::string(1, c);
    prepare("SELECT * FROM \"" + quoted + "\"");
    read();
  }
  return all;
}

} // namespace dbengine::test
