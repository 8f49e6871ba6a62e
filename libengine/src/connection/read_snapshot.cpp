// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection/read_snapshot.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "sqlite/authorizer.hpp"
#include "sqlite/plain_database.hpp"

#include <sqlite3.h>

#include <stdexcept>
#include <utility>

namespace dbengine::sqlite {

read_snapshot::~read_snapshot() {
  finalize();
}

void read_snapshot::set_database(sqlite3* db, std::int64_t mapped_bytes) noexcept {
  db_ = db;
  mapping_.set_database(db, mapped_bytes);
}

void read_snapshot::install_wal_hook() noexcept {
  sqlite3_wal_hook(db_, &read_snapshot::on_wal, this);
}

void read_snapshot::attach_index() noexcept {
  if (index_.attach(db_)) // the WAL may hold commits of earlier connections
    commits_.set_wal_pages(static_cast<int>(wal_index::last_frame(index_.read())));
}

void read_snapshot::prepare() {
  // Always returns one row. The table is read so that a read transaction begins.
  if (writer_)
    read_txn_stmt_ = prepare_persistent(db_, "SELECT EXISTS(SELECT 1 FROM sqlite_schema)");
}

void read_snapshot::finalize() noexcept {
  sqlite3_finalize(std::exchange(read_txn_stmt_, nullptr));
}

bool read_snapshot::keeps_old_snapshot() const noexcept {
  return !writer_ && DBENGINE_MUTANT("reads an old snapshot");
}

void read_snapshot::refresh() {
  if (reuse())
    return;
  if (open_) {
    drop();
    if (!writer_)
      mapping_.snapshot_replaced(reused_);
  }
  if (!transactions_->is_usable()) // fails the worker; the request runs on another connection
    throw std::runtime_error("a connection could not end its snapshot");
  if (!index_.attached())
    return;                // not in WAL mode: each read is a separate transaction
  header_ = index_.read(); // before BEGIN: no commit in between is missed
  if (!writer_) {
    begin_reading();
  } else {
    if (!mapping_.is_mapped()) // `connection::release_memory` unmapped it
      mapping_.map(true);
    if (transactions_->is_open() || !step_read_txn()) {
      sqlite3_reset(read_txn_stmt_);
      return; // everything works without it, at the cost of lock calls
    }
    const int now = sqlite3_stmt_status(read_txn_stmt_, SQLITE_STMTSTATUS_REPREPARE, 0);
    if (std::exchange(read_txn_reprepares_, now) != now)
      schema_->note_change(); // SQLite found a schema that differs from the last one
  }
  open_ = true;
  ++opened_;
}

void read_snapshot::begin_reading() {
  if (const int rc = transactions_->run(transaction_statements::kind::begin); rc != SQLITE_DONE) {
    auto why = base::last_error(db_, rc, 0, "the snapshot could not begin");
    transactions_->roll_back(); // without memory it may have begun nevertheless
    throw error(std::move(why));
  }
}

bool read_snapshot::step_read_txn() noexcept {
  const engine_rights own(*auth_);
  return sqlite3_step(read_txn_stmt_) == SQLITE_ROW;
}

void read_snapshot::drop() noexcept {
  if (!open_)
    return;
  open_ = false;
  if (writer_)
    sqlite3_reset(read_txn_stmt_);
  else
    transactions_->end_read();
}

int read_snapshot::on_wal(void* self, sqlite3*, const char*, int pages) {
  auto& s = *static_cast<read_snapshot*>(self);
  if (s.open_) { // the snapshot moves on with the connection's own commit
    const auto now = s.index_.read();
    s.header_ = wal_index::follows(now, s.header_, pages) ? now : wal_index::header{};
  }
  s.commits_.add(pages);
  return SQLITE_OK;
}

} // namespace dbengine::sqlite
