// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/authorizer.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace dbengine::sqlite {

namespace {

// Pragmas that describe the object in their argument.
constexpr std::array<std::string_view, 15> describing{
    "collation_list", "compile_options", "database_list", "foreign_key_check", "foreign_key_list",
    "function_list",  "index_info",      "index_list",    "index_xinfo",       "integrity_check",
    "module_list",    "pragma_list",     "quick_check",   "table_info",        "table_xinfo"};

// Pragmas that return a setting if they have no argument.
constexpr std::array<std::string_view, 27> readable{
    "analysis_limit", "application_id",    "auto_vacuum",  "automatic_index",    "busy_timeout",
    "cache_size",     "cache_spill",       "data_version", "defer_foreign_keys", "encoding",
    "foreign_keys",   "freelist_count",    "journal_mode", "journal_size_limit", "locking_mode",
    "max_page_count", "mmap_size",         "page_count",   "page_size",          "query_only",
    "schema_version", "secure_delete",     "synchronous",  "temp_store",         "table_list",
    "user_version",   "wal_autocheckpoint"};

// Pragmas whose setting is stored in the file or lasts one transaction: safe for every writer.
constexpr std::array<std::string_view, 5> writable{
    "application_id", "defer_foreign_keys", "incremental_vacuum", "optimize", "user_version"};

// Functions that return at once, and return the same on any connection. Unsorted: they are searched
// at preparation, not at a run.
constexpr std::array<std::string_view, 20> quick{
    "abs",  "avg",       "coalesce", "count", "date",   "datetime", "ifnull",
    "iif",  "julianday", "length",   "max",   "min",    "nullif",   "round",
    "sign", "sum",       "time",     "total", "typeof", "unixepoch"};

// Tables that describe the connection, not the file: pragmas as tables, `sqlite_stmt`, `dbstat`.
bool shows_connection(std::string_view table) {
  return table.starts_with("pragma_") || table == "sqlite_stmt" || table == "dbstat" ||
         table.starts_with("sqlite_temp_");
}

template <std::size_t N>
bool is_among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

enum class ddl : unsigned char { none, permanent, temporary };

ddl kind_of(int action) noexcept {
  switch (action) {
  case SQLITE_CREATE_INDEX:
  case SQLITE_CREATE_TABLE:
  case SQLITE_CREATE_TRIGGER:
  case SQLITE_CREATE_VIEW:
  case SQLITE_CREATE_VTABLE:
  case SQLITE_DROP_INDEX:
  case SQLITE_DROP_TABLE:
  case SQLITE_DROP_TRIGGER:
  case SQLITE_DROP_VIEW:
  case SQLITE_DROP_VTABLE:
  case SQLITE_ALTER_TABLE:
  case SQLITE_REINDEX:
  case SQLITE_ANALYZE: return ddl::permanent;
  case SQLITE_CREATE_TEMP_INDEX:
  case SQLITE_CREATE_TEMP_TABLE:
  case SQLITE_CREATE_TEMP_TRIGGER:
  case SQLITE_CREATE_TEMP_VIEW:
  case SQLITE_DROP_TEMP_INDEX:
  case SQLITE_DROP_TEMP_TABLE:
  case SQLITE_DROP_TEMP_TRIGGER:
  case SQLITE_DROP_TEMP_VIEW: return ddl::temporary;
  default: return ddl::none;
  }
}

} // namespace

void authorizer::install(sqlite3* db) {
  sqlite3_set_authorizer(db, &authorizer::callback, this);
}

int authorizer::callback(void* self, int action, const char* a, const char* b, const char* db,
                         const char* trigger) {
  try {
    return static_cast<authorizer*>(self)->decide(action, a, b, db, trigger);
  } catch (...) {
    return SQLITE_DENY; // out of memory for the text of the denial
  }
}

int authorizer::deny(std::string what) {
  if (denied_.empty())
    denied_ = std::move(what);
  return SQLITE_DENY;
}

int authorizer::deny_temporary() {
  return deny(
      "a temporary table, view, index or trigger (it would exist on one of many connections)");
}

int authorizer::decide_pragma(const char* name_text, const char* argument) {
  const auto name = lower_case(name_text);
  if (is_among(describing, name) || name == "table_list")
    return SQLITE_OK;
  if (is_among(writable, name) &&
      (argument != nullptr || name == "optimize" || name == "incremental_vacuum")) {
    writes_ = true;
    if (acting_as == authority::reader) {
      needs_writer_ = true;
      return SQLITE_DENY;
    }
    if (name == "defer_foreign_keys") {
      // SQLite sets it at preparation and keeps it to the end of the transaction, which may be that
      // of a whole group.
      if (acting_as != authority::scope && !in_transaction)
        return deny("PRAGMA defer_foreign_keys outside a transaction");
      defers_keys = true;
    }
    return SQLITE_OK;
  }
  if (is_among(readable, name) && argument == nullptr) {
    reads_pragma_ = true;
    return SQLITE_OK;
  }
  return deny("PRAGMA " + name + (argument != nullptr ? " with a value" : ""));
}

// Records whether the statement is an insert into one table and nothing else.
void authorizer::note_insert_target(int action, const char* a, const char* db,
                                    const char* trigger) {
  bool fits = trigger == nullptr;
  if (action == SQLITE_INSERT) {
    fits = fits && target_.empty() && db != nullptr && std::string_view(db) == "main";
    target_ = a != nullptr ? a : "";
  } else if (action == SQLITE_READ) { // the parent of a foreign key
    fits = fits && a != nullptr && sqlite3_stricmp(a, target_.c_str()) != 0;
  } else {
    fits = fits && action == SQLITE_SELECT; // each row of VALUES is a SELECT
  }
  only_inserts_ = only_inserts_ && fits;
}

// Records whether the statement reads or changes anything that SQLite loads with the schema.
// Independent of its rights.
void authorizer::note_schema_use(int action, const char* a) {
  if (action == SQLITE_PRAGMA && a != nullptr) {
    const auto name = lower_case(a);
    reads_schema_ = reads_schema_ || is_among(describing, name) || name == "table_list";
    may_change_statistics_ = may_change_statistics_ || name == "optimize";
  } else if (action == SQLITE_READ) {
    reads_schema_ = reads_schema_ || (a != nullptr && std::string_view(a).starts_with("pragma_"));
  } else if (action == SQLITE_ANALYZE) {
    (preparing_ ? changes_statistics_ : statistics_changed) = true;
  } else if (action == SQLITE_DELETE && a != nullptr && std::string_view(a) == "sqlite_stat1") {
    // The only call for `ANALYZE sqlite_schema`, which loads statistics that were written by hand.
    (preparing_ ? changes_statistics_ : statistics_changed) = true;
  }
}

// What the statement does. Independent of its rights.
void authorizer::note_facts(int action, const char* a, const char* b, const char* trigger) {
  switch (action) {
  case SQLITE_SELECT:
  case SQLITE_RECURSIVE: return;
  case SQLITE_READ:
    connection_independent_ = connection_independent_ && a != nullptr && !shows_connection(a);
    return;
  case SQLITE_INSERT: inserts_ = inserts_ || trigger == nullptr; [[fallthrough]];
  case SQLITE_UPDATE:
  case SQLITE_DELETE:
    writes_ = true;
    connection_independent_ = false;
    return;
  case SQLITE_FUNCTION:
    connection_independent_ = connection_independent_ && b != nullptr && is_among(quick, b);
    if (b != nullptr) {
      const bool rowid = sqlite3_stricmp(b, "last_insert_rowid") == 0;
      uses_last_rowid_ = uses_last_rowid_ || rowid;
      uses_change_counts_ = uses_change_counts_ || rowid || sqlite3_stricmp(b, "changes") == 0 ||
                            sqlite3_stricmp(b, "total_changes") == 0;
    }
    return;
  default: break;
  }
  dml_only_ = connection_independent_ = false;
  const auto kind = kind_of(action);
  writes_ = writes_ || kind != ddl::none;
  is_ddl_ = is_ddl_ || kind == ddl::permanent;
}

int authorizer::decide(int action, const char* a, const char* b, const char* db,
                       const char* trigger) {
  const bool free = acting_as == authority::engine || acting_as == authority::raw;
  if (preparing_)
    note_insert_target(action, a, db, trigger);
  if (preparing_ && (action == SQLITE_CREATE_VIEW || action == SQLITE_CREATE_TEMP_VIEW))
    new_view_ = lower_case(a);
  note_schema_use(action, a);
  note_facts(action, a, b, trigger);
  // Denied for every authority.
  if (action == SQLITE_FUNCTION && b != nullptr &&
      (sqlite3_stricmp(b, "load_extension") == 0 || sqlite3_stricmp(b, "fts3_tokenizer") == 0))
    return deny(std::string(b) + "()");
  if (free)
    return SQLITE_OK;
  // SQLite does not report `CREATE TABLE temp.x` as CREATE_TEMP_TABLE, and a trigger `temp.x`
  // belongs to its table's database. But all of them are inserted into the temporary database's
  // schema table.
  const bool creates = action == SQLITE_INSERT || action == SQLITE_CREATE_INDEX ||
                       action == SQLITE_CREATE_TABLE || action == SQLITE_CREATE_TRIGGER ||
                       action == SQLITE_CREATE_VIEW || action == SQLITE_CREATE_VTABLE;
  if (creates && preparing_ && db != nullptr && sqlite3_stricmp(db, "temp") == 0)
    return deny_temporary();
  switch (kind_of(action)) {
  case ddl::permanent: return SQLITE_OK;
  // SQLite's own steps (ALTER TABLE) create and drop temporary objects.
  case ddl::temporary: return preparing_ ? deny_temporary() : SQLITE_OK;
  case ddl::none: break;
  }
  switch (action) {
  case SQLITE_SELECT:
  case SQLITE_RECURSIVE:
  case SQLITE_INSERT:
  case SQLITE_UPDATE:
  case SQLITE_DELETE:
  case SQLITE_FUNCTION: return SQLITE_OK;
  case SQLITE_READ:
    // That table shows the texts, with their literals, of all statements that the connection
    // caches.
    return a != nullptr && std::string_view(a) == "sqlite_stmt"
               ? deny("reading sqlite_stmt, which shows other requests' statements")
               : SQLITE_OK;
  case SQLITE_TRANSACTION:
    return preparing_ ? deny(a != nullptr ? a : "transaction control") : SQLITE_OK;
  case SQLITE_SAVEPOINT: return deny("SAVEPOINT");
  case SQLITE_ATTACH:
    // VACUUM attaches a database without a name while it runs; with INTO it has a name.
    if (!preparing_ && (a == nullptr || *a == '\0'))
      return SQLITE_OK;
    return deny(preparing_ ? "ATTACH" : "VACUUM INTO (use a backup)");
  case SQLITE_DETACH: return preparing_ ? deny("DETACH") : SQLITE_OK;
  case SQLITE_PRAGMA: return decide_pragma(a, b);
  default: return deny("an action unknown to the engine (" + std::to_string(action) + ")");
  }
}

} // namespace dbengine::sqlite
