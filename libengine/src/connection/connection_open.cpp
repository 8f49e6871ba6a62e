// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Opening, configuring and closing a connection.

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "connection/connection.hpp"
#include "connection/leaked_handles.hpp"
#include "connection/open_database.hpp"
#include "sqlite/files/truncation_check.hpp"
#include "sqlite/id_clock.hpp"
#include "sqlite/inserted_rowid.hpp"
#include "sqlite/plain_database.hpp"

#include <dbengine/defaults.hpp>

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace dbengine::sqlite {

connection::connection(location where, role r, std::shared_ptr<const options> o)
    : where_(std::move(where)), role_(r), options_(std::move(o)),
      handlers_(where_, *options_), parts_{.writer = r == role::writer,
                                           .auth = auth_,
                                           .handlers = handlers_,
                                           .snapshot = snapshot_,
                                           .files = files_,
                                           .own_sql = own_sql_,
                                           .conflicts = conflicts_,
                                           .schema = schema_},
      transaction_(parts_), snapshot_(parts_.writer, auth_, transaction_.statements(), schema_),
      files_(where_, snapshot_.index(), snapshot_.mapping(), options_->mmap_size),
      own_sql_(parts_.writer, auth_, files_, snapshot_), conflicts_(auth_),
      maintenance_(parts_, transaction_), cache_(defaults::statement_cache_capacity),
      compiler_(parts_, transaction_.statements()),
      echo_(parts_.writer, transaction_.statements(), snapshot_) {
  if (!where_.ids)
    where_.ids = std::make_shared<id_clock>();
  try {
    open();
    configure();
    handlers_.end_opening();
  } catch (...) {
    transaction_.statements().finalize();
    snapshot_.finalize();
    compiler_.finalize();
    cache_.clear();
    if (db_ != nullptr && files_.is_truncated())
      files_.throw_if_fenced(outcome::not_run);
    throw;
  }
}

connection::~connection() {
  if (transaction_.is_open())
    transaction_.rollback();
  cache_.clear();
  compiler_.finalize();
  if (files_.fence_reason() != nullptr)
    files_.keep_wal();
  transaction_.statements().finalize_all_but_begin();
  snapshot_.finalize();
  sqlite3_trace_v2(db_, 0, nullptr, nullptr);
  // Virtual tables have their own statements, which look like any others. SQLite disconnects the
  // tables first when it closes a connection. Because of BEGIN it then does not close this one.
  auto* const begin = transaction_.statements().last();
  sqlite3_close(db_);
  if (sqlite3_next_stmt(db_, begin) != nullptr || sqlite3_next_stmt(db_, nullptr) != begin)
    leak_handle(std::move(database_), options_, handlers_);
  transaction_.statements().finalize();
  database_.reset(); // while the handlers exist
}

void connection::open() {
  DBENGINE_FAULT_POINT(role_ == role::writer ? "writer.open" : "reader.open");
  files_.throw_if_fenced(outcome::not_run);
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
    throw error(explain_open_failure(where_, base::current_exception_info()));
  }
  db_ = database_->getHandle();
  // SQLite opens a file that it may not write for reading, without an error.
  if (role_ == role::writer && !where_.memory && sqlite3_db_readonly(db_, "main") == 1)
    throw error(errc::cannot_open,
                "\"" + where_.path.string() +
                    "\" may only be read: no permission to write it (an engine " +
                    "with the option read_only can open it)");
  sqlite3_extended_result_codes(db_, 1);
  handlers_.install(db_);
  snapshot_.set_database(db_, where_.memory ? 0 : static_cast<std::int64_t>(options_->mmap_size));
  files_.set_database(db_);
  own_sql_.set_database(db_);
  conflicts_.set_database(db_);
  transaction_.set_database(db_);
  maintenance_.set_database(db_);
  compiler_.set_database(db_);
}

// While this connection holds a read lock, SQLite gives up without calling the busy handler: a
// writer that waits for the readers to end would wait for this connection.
std::string connection::switch_to_wal() {
  for (int attempt = 0;; ++attempt) {
    try {
      return own_sql_.text("PRAGMA journal_mode=WAL");
    } catch (const error& e) {
      if (e.code() != errc::busy || !handlers_.wait_for_lock(attempt))
        throw;
    }
  }
}

void connection::configure_role() {
  if (role_ == role::reader) {
    sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_limit(db_, SQLITE_LIMIT_ATTACHED, 0);
    own_sql_.run("PRAGMA query_only=1");
    return;
  }
  const auto mode = switch_to_wal();
  if (mode != "wal")
    throw error(errc::cannot_open, "\"" + where_.path.string() +
                                       "\": WAL mode is not possible here (journal mode stays " +
                                       mode + ")");
  own_sql_.run("PRAGMA wal_autocheckpoint=0");
  snapshot_.install_wal_hook();
  handlers_.install_commit_hook(db_);
  static constexpr const char* levels[] = {"PRAGMA synchronous=OFF", "PRAGMA synchronous=NORMAL",
                                           "PRAGMA synchronous=FULL"};
  own_sql_.run(levels[static_cast<int>(options_->synchronous)]);
  own_sql_.run("PRAGMA secure_delete=FAST");
}

void connection::configure() {
  const auto& o = *options_;
  check_is_database(db_, where_, o.busy_timeout);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  configure_role();
  const bool wal = own_sql_.text("PRAGMA journal_mode") == "wal";
  own_sql_.set_pragma("cache_size",
                      "-" + std::to_string(std::max<std::size_t>(o.cache_size / 1024, 1)));
  own_sql_.set_pragma("mmap_size", std::to_string(where_.memory ? 0 : o.mmap_size));
  own_sql_.set_pragma("foreign_keys", o.foreign_keys ? "ON" : "OFF");
  own_sql_.set_pragma("temp_store",
                      o.temp_store == dbengine::temp_store::memory ? "MEMORY" : "FILE");
  rowid_mark_ = std::make_shared<rowid_mark>();
  register_last_insert_rowid(db_, rowid_mark_); // first: a function of the host may replace it
  handlers_.register_functions(db_);
  transaction_.statements().prepare(db_);
  snapshot_.prepare();
  if (wal) {
    own_sql_.integer(take_snapshot); // opens the WAL index
    snapshot_.attach_index();
    files_.record_identity();
  }
  if (!where_.memory) {
    if (!where_.truncation)
      where_.truncation = std::make_shared<truncation_check>(where_.path);
    where_.truncation->track(snapshot_.index(), db_);
  }
  if (o.debug)
    echo_.install(db_);
  auth_.install(db_);
  auth_.acting_as = role_ == role::reader ? authority::reader : authority::writer;
}

} // namespace dbengine::sqlite
