// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Opening, configuring and closing a connection, and the statements of the engine itself.

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "base/log.hpp"
#include "connection/connection.hpp"
#include "connection/inserted_rowid.hpp"
#include "engine/idempotency.hpp"
#include "sqlite/functions/replaced_functions.hpp"
#include "sqlite/functions/user_functions.hpp"
#include "sqlite/id_clock.hpp"
#include "sqlite/plain_database.hpp"
#include "sqlite/schema_check.hpp"
#include "sqlite/view_sizes.hpp"

#include <dbengine/defaults.hpp>

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace dbengine::sqlite {

namespace {

sqlite3_stmt* prepare_or_throw(sqlite3* db, const char* sql) {
  sqlite3_stmt* s = nullptr;
  const int rc = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, nullptr);
  if (rc != SQLITE_OK)
    throw error(base::last_error(db, rc, 0, sql));
  return s;
}

// Why a file cannot be opened, in words better than SQLite's "unable to open database file".
error_info explain_open(const location& where, const error_info& info) {
  auto e = info;
  if (where.memory)
    return e;
  const auto& path = where.path;
  struct stat st {};
  const auto directory = path.parent_path();
  if (::stat(directory.c_str(), &st) != 0)
    e.message = "\"" + path.string() + "\": the directory \"" + directory.string() +
                "\": " + std::strerror(errno);
  else if (!S_ISDIR(st.st_mode))
    e.message = "\"" + path.string() + "\": \"" + directory.string() + "\" is no directory";
  else if (::stat(path.c_str(), &st) != 0)
    e.message = "\"" + path.string() + "\": " + std::strerror(errno);
  else if (S_ISDIR(st.st_mode))
    e.message = "\"" + path.string() + "\" is a directory";
  else if (info.extended_code == SQLITE_READONLY_ROLLBACK) {
    e.code = errc::cannot_open;
    e.message = "\"" + path.string() + "\": " + info.message;
  } else if (((info.extended_code & 0xff) == SQLITE_CANTOPEN ||
              info.extended_code == SQLITE_READONLY_DIRECTORY) &&
             ::access(path.c_str(), R_OK) == 0 && ::access(directory.c_str(), W_OK) != 0) {
    e.code = errc::cannot_open;
    e.message =
        "\"" + path.string() + "\" is in WAL mode, and beside it no -shm file can be made: \"" +
        directory.string() +
        "\" may not be written (mode=ro&immutable=1 in the URL opens a file that nobody writes)";
  } else
    e.message = "\"" + path.string() + "\": " + info.message;
  return e;
}

} // namespace

connection::connection(location where, role r, std::shared_ptr<const options> o)
    : where_(std::move(where)), role_(r), options_(std::move(o)),
      cache_(defaults::statement_cache_capacity) {
  if (!where_.ids)
    where_.ids = std::make_shared<id_clock>();
  busy_since_ = where_.waiting_since.value_or(clock::now()); // one wait for all of the opening
  try {
    open();
    configure();
    opening_ = false;
  } catch (...) {
    for (auto* s :
         {begin_, begin_immediate_, commit_, rollback_, savepoint_, release_, read_txn_stmt_})
      sqlite3_finalize(s);
    cache_.clear();
    if (db_ != nullptr)
      if (is_truncated())
        throw_if_fenced(outcome::not_run);
    throw;
  }
}

connection::~connection() {
  if (in_transaction())
    rollback();
  cache_.clear();
  views_.reset();
  if (fence_reason() != nullptr)
    keep_wal();
  for (auto* s : {begin_immediate_, commit_, rollback_, savepoint_, release_, read_txn_stmt_})
    sqlite3_finalize(s);
  sqlite3_trace_v2(db_, 0, nullptr, nullptr);
  // Virtual tables have statements of their own, which look like any other. SQLite lets go of the tables first when it closes
  // a connection, and then does not close this one, because of `begin_`.
  sqlite3_close(db_);
  if (sqlite3_next_stmt(db_, begin_) != nullptr || sqlite3_next_stmt(db_, nullptr) != begin_)
    leak_handle();
  sqlite3_finalize(begin_);
}

namespace {

// Takes the files away from a connection that cannot be closed: it has an empty database in memory then, and a statement that is
// stepped finds no table. SQLite has no other way: in WAL mode a connection holds a lock on its file as long as it has it.
void let_go_of_files(sqlite3* db) {
  constexpr int temporary = 1;
  for (int i = 0; const char* name = sqlite3_db_name(db, i); ++i) {
    if (i == temporary)
      continue;
    if (const int rc = sqlite3_deserialize(db, name, nullptr, 0, 0, SQLITE_DESERIALIZE_READONLY);
        rc != SQLITE_OK)
      base::log(base::log_level::error, "an abandoned raw connection keeps its lock on the file (" +
                                            std::string(sqlite3_errstr(rc)) + ")");
  }
}

} // namespace

void connection::leak_handle() {
  // A host prepared statements on a raw connection and left them. They may belong to a virtual table, or be finalised later:
  // they stay, without the file, and so must the connection, with nothing in it that leads back here.
  for (auto* s = sqlite3_next_stmt(db_, nullptr); s != nullptr; s = sqlite3_next_stmt(db_, s))
    sqlite3_reset(s);
  sqlite3_progress_handler(db_, 0, nullptr, nullptr);
  sqlite3_busy_handler(db_, nullptr, nullptr);
  sqlite3_set_authorizer(db_, nullptr, nullptr);
  sqlite3_wal_hook(db_, nullptr, nullptr);
  sqlite3_commit_hook(db_, nullptr, nullptr);
  sqlite3_rollback_hook(db_, nullptr, nullptr);
  if (in_transaction())
    sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
  stop_->end();
  if (collations_)
    collations_->end();
  let_go_of_files(db_);
  static std::mutex guard;
  // Never destroyed: a connection may be buried by what is destroyed at the end of the process.
  static auto& graves =
      *new std::vector<std::pair<std::shared_ptr<const options>, SQLite::Database*>>;
  const std::lock_guard lock(guard);
  graves.emplace_back(options_, database_.release());
  base::log(
      base::log_level::warning,
      "a raw connection was left with open statements: its handle stays open, without the file");
}

void connection::open() {
  DBENGINE_FAULT_POINT(role_ == role::writer ? "writer.open" : "reader.open");
  throw_if_fenced(outcome::not_run);
  int flags = SQLITE_OPEN_NOMUTEX | (where_.uri ? SQLITE_OPEN_URI : 0);
  if (role_ == role::reader && !where_.memory)
    flags |= SQLITE_OPEN_READONLY;
  else if (where_.memory || (where_.create && role_ == role::writer))
    flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  else
    flags |= SQLITE_OPEN_READWRITE;
  try {
    database_ = std::make_unique<SQLite::Database>(where_.filename, flags, 0, where_.vfs);
  } catch (...) {
    throw error(explain_open(where_, base::current_exception_info()));
  }
  db_ = database_->getHandle();
  // SQLite opens what it may not write for reading, silently.
  if (role_ == role::writer && !where_.memory && sqlite3_db_readonly(db_, "main") == 1)
    throw error(errc::cannot_open,
                "\"" + where_.path.string() +
                    "\" may only be read: no permission to write it (an engine " +
                    "with the option read_only can open it)");
  sqlite3_extended_result_codes(db_, 1);
  sqlite3_busy_handler(db_, &connection::on_busy, this);
  sqlite3_progress_handler(db_, defaults::progress_steps, &connection::on_progress, this);
}

void connection::check_is_database() {
  int rc = begin_reading(db_);
  if (rc == SQLITE_READONLY_ROLLBACK && !where_.read_only) {
    roll_back_journal();
    rc = begin_reading(db_);
  }
  if (rc != SQLITE_OK)
    throw error(explain_open(where_, base::last_error(db_, rc)));
}

// A process died in a transaction on a file in rollback mode. Reading it undoes that, for any SQLite connection that may write;
// one that may only read is no such. `mode=ro` in the URL says that nothing is to be changed.
void connection::roll_back_journal() {
  const auto what = "\"" + where_.path.string() + "\": an unfinished transaction cannot be undone";
  const auto db = sqlite::open_database(where_.filename,
                                        SQLITE_OPEN_READWRITE | (where_.uri ? SQLITE_OPEN_URI : 0),
                                        where_.vfs.empty() ? nullptr : where_.vfs.c_str(), what);
  const auto wait = std::clamp<std::chrono::milliseconds::rep>(options_->busy_timeout.count(), 0,
                                                               std::numeric_limits<int>::max());
  sqlite3_busy_timeout(db.get(), static_cast<int>(wait));
  // Where the file may not be written this is no error: the next look says what to do.
  const int rc = begin_reading(db.get());
  if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_READONLY)
    sqlite::throw_sqlite(rc, db.get(), what);
}

// With a read lock in its hands SQLite does not ask the busy handler before it gives up: somebody who writes, and waits for the
// readers to end, would wait for this one.
std::string connection::switch_to_wal() {
  for (int count = 0;; ++count) {
    try {
      return engine_text("PRAGMA journal_mode=WAL");
    } catch (const error& e) {
      if (e.code() != errc::busy || on_busy(this, count) == 0)
        throw;
    }
  }
}

void connection::configure() {
  check_is_database();
  const auto& o = *options_;
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  if (role_ == role::reader) {
    sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_limit(db_, SQLITE_LIMIT_ATTACHED, 0);
    engine_sql("PRAGMA query_only=1");
  } else {
    const auto mode = switch_to_wal();
    if (mode != "wal")
      throw error(errc::cannot_open, "\"" + where_.path.string() +
                                         "\": WAL mode is not possible here (journal mode stays " +
                                         mode + ")");
    engine_sql("PRAGMA wal_autocheckpoint=0");
    sqlite3_wal_hook(db_, &connection::on_wal, this);
    sqlite3_commit_hook(db_, &connection::on_commit, this);
    static constexpr const char* levels[] = {"PRAGMA synchronous=OFF", "PRAGMA synchronous=NORMAL",
                                             "PRAGMA synchronous=FULL"};
    engine_sql(levels[static_cast<int>(o.synchronous)]);
    engine_sql("PRAGMA secure_delete=FAST");
  }
  wal_ = engine_text("PRAGMA journal_mode") == "wal";
  engine_sql(("PRAGMA cache_size=-" + std::to_string(std::max<std::size_t>(o.cache_size / 1024, 1)))
                 .c_str());
  engine_sql(("PRAGMA mmap_size=" + std::to_string(where_.memory ? 0 : o.mmap_size)).c_str());
  engine_sql(o.foreign_keys ? "PRAGMA foreign_keys=ON" : "PRAGMA foreign_keys=OFF");
  engine_sql(o.temp_store == dbengine::temp_store::memory ? "PRAGMA temp_store=MEMORY"
                                                          : "PRAGMA temp_store=FILE");
  register_functions();
  begin_ = prepare_or_throw(db_, "BEGIN");
  begin_immediate_ = prepare_or_throw(db_, "BEGIN IMMEDIATE");
  commit_ = prepare_or_throw(db_, "COMMIT");
  rollback_ = prepare_or_throw(db_, "ROLLBACK");
  savepoint_ = prepare_or_throw(db_, "SAVEPOINT dbengine");
  release_ = prepare_or_throw(db_, "RELEASE dbengine");
  if (role_ ==
      role::writer) // one row in any case; the table is read so that a read transaction begins
    read_txn_stmt_ = prepare_or_throw(db_, "SELECT EXISTS(SELECT 1 FROM sqlite_schema)");
  if (wal_) {
    engine_integer(sqlite::take_snapshot); // opens the WAL index
    if (index_.attach(db_))                // of the connections before this one
      wal_pages_ = static_cast<int>(wal_index::last_frame(index_.read()));
    if (!where_.memory)
      files_.record(where_.path.string());
  }
  if (!where_.memory) {
    if (!where_.truncation)
      where_.truncation = std::make_shared<truncation_check>(where_.path);
    where_.truncation->track(index_, db_);
  }
  if (o.debug)
    sqlite3_trace_v2(db_, SQLITE_TRACE_PROFILE, &connection::on_trace, this);
  auth_.install(db_);
  auth_.acting_as = role_ == role::reader ? authority::reader : authority::writer;
}

void connection::register_functions() {
  stop_ = std::make_shared<stop_test>(&connection::on_progress, this);
  rowid_mark_ = std::make_shared<rowid_mark>();
  register_replaced_functions(db_, stop_);
  register_last_insert_rowid(db_, rowid_mark_);
  if (!options_->collations.empty()) {
    collations_ = std::make_shared<collation_failure>(db_, &current_);
    sqlite3_rollback_hook(
        db_, [](void* watch) { static_cast<collation_failure*>(watch)->rolled_back(); },
        collations_.get());
  }
  register_user_functions(db_, *options_, collations_);
}

int connection::on_trace(unsigned, void* self, void* p, void* x) {
  auto* s = static_cast<sqlite3_stmt*>(p);
  const auto& c = *static_cast<connection*>(self);
  for (const auto* own : {c.begin_, c.begin_immediate_, c.commit_, c.rollback_, c.savepoint_,
                          c.release_, c.read_txn_stmt_})
    if (s == own)
      return 0;
  char* expanded = sqlite3_expanded_sql(s);
  try {
    const auto us = *static_cast<sqlite3_int64*>(x) / 1000;
    std::string_view text = expanded != nullptr ? expanded : sqlite3_sql(s);
    std::string cut;
    if (text.size() > defaults::max_echo_bytes) {
      cut = " ... (" + std::to_string(text.size()) + " bytes)";
      text = text.substr(0, defaults::max_echo_bytes);
    }
    base::log(base::log_level::debug, std::string(c.role_ == role::writer ? "writer " : "reader ") +
                                          std::to_string(us) + " us: " + std::string(text) + cut);
  } catch (...) { // out of memory: the echo is lost, the statement is not
  }
  sqlite3_free(expanded);
  return 0;
}

// -- the engine's own statements --------------------------------------------------------------------

void connection::engine_sql(const char* sql) {
  if (role_ == role::writer)
    drop_snapshot(); // whatever it is: it may need the connection to itself
  const auto before = auth_.acting_as;
  auth_.acting_as = authority::engine;
  const int rc = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  auth_.acting_as = before;
  if (rc != SQLITE_OK) {
    auto info = base::last_error(db_, rc, 0, sql);
    if (where_.truncation &&
        where_.truncation->is_truncated(index_, db_, true)) // what is not there looks malformed
      throw_if_fenced(outcome::not_run);
    throw error(std::move(info));
  }
}

std::string connection::engine_text(const char* sql) {
  const auto before = std::exchange(auth_.acting_as, authority::engine);
  sqlite3_stmt* raw = nullptr;
  int rc = sqlite3_prepare_v2(db_, sql, -1, &raw, nullptr);
  if (rc == SQLITE_OK)
    rc = sqlite3_step(raw);
  auth_.acting_as = before; // before anything throws: nothing else may run with the engine's rights
  std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> s(raw, &sqlite3_finalize);
  std::string text;
  if (rc == SQLITE_ROW) {
    if (const auto* t = sqlite3_column_text(raw, 0))
      text = reinterpret_cast<const char*>(t);
    else if (sqlite3_errcode(db_) == SQLITE_NOMEM)
      rc = SQLITE_NOMEM;
  }
  if (rc != SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE) {
    auto info = base::last_error(db_, rc, 0, sql);
    s.reset();
    if (where_.truncation && where_.truncation->is_truncated(index_, db_, true))
      throw_if_fenced(outcome::not_run);
    throw error(std::move(info));
  }
  // What it wrote is committed here: PRAGMA journal_mode=WAL has its row before that can fail.
  if (const int ended = sqlite3_finalize(s.release()); ended != SQLITE_OK)
    throw error(base::last_error(db_, ended, 0, sql));
  return text;
}

std::int64_t connection::engine_integer(const char* sql) {
  const auto text = engine_text(sql);
  return text.empty() ? 0 : std::stoll(text);
}

int connection::step_own(sqlite3_stmt* s) noexcept {
  // Installing the authorizer, and a host's work on a raw connection, expire prepared statements: the step prepares anew.
  const auto before = auth_.acting_as;
  auth_.acting_as = authority::engine;
  // Not `step`: it compares nothing, and a rollback is what follows where a collation failed.
  stepping_ = s;
  const int rc = sqlite3_step(s);
  stepping_ = nullptr;
  sqlite3_reset(s);
  auth_.acting_as = before;
  return rc;
}

int connection::step_read_txn() noexcept {
  const auto before = auth_.acting_as;
  auth_.acting_as = authority::engine;
  const int rc = sqlite3_step(read_txn_stmt_);
  auth_.acting_as = before;
  return rc;
}

// -- the rest -----------------------------------------------------------------------------------------

void connection::allow_attach() noexcept {
  sqlite3_limit(db_, SQLITE_LIMIT_ATTACHED, 10);
}

void connection::apply_pragma(const std::string& name, const std::string& text) {
  engine_sql(("PRAGMA " + name + "=" + text).c_str());
}

void connection::release_memory() noexcept {
  drop_snapshot();
  sqlite3_db_release_memory(db_);
  use_mapping(false);
}

void connection::interrupt() noexcept {
  sqlite3_interrupt(db_);
}

} // namespace dbengine::sqlite
