// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection/transaction_statements.hpp"

#include "base/fault.hpp"
#include "connection/request_handlers.hpp"
#include "sqlite/authorizer.hpp"
#include "sqlite/plain_database.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

namespace dbengine::sqlite {

transaction_statements::~transaction_statements() {
  finalize();
}

void transaction_statements::prepare(sqlite3* db) {
  static constexpr std::array<const char*, 6> texts{
      "BEGIN", "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", "SAVEPOINT dbengine", "RELEASE dbengine"};
  db_ = db;
  for (std::size_t i = 0; i < texts.size(); ++i)
    statements_[i] = prepare_persistent(db, texts[i]);
}

void transaction_statements::finalize_all_but_begin() noexcept {
  for (std::size_t i = 1; i < statements_.size(); ++i)
    sqlite3_finalize(std::exchange(statements_[i], nullptr));
}

void transaction_statements::finalize() noexcept {
  finalize_all_but_begin();
  sqlite3_finalize(std::exchange(statements_[0], nullptr));
}

bool transaction_statements::owns(const sqlite3_stmt* s) const noexcept {
  return std::find(statements_.begin(), statements_.end(), s) != statements_.end();
}

int transaction_statements::run(kind k) noexcept {
  auto* const s = statements_[static_cast<std::size_t>(k)];
  // The step may prepare the statement again: installing the authorizer expires statements, and so
  // does a host's work on a raw connection.
  const engine_rights own(*auth_);
  // Not `connection::step`: no collation is called here, and a failed one leads to this rollback.
  handlers_->set_stepping(s);
  const int rc = sqlite3_step(s);
  handlers_->set_stepping(nullptr);
  sqlite3_reset(s);
  return rc;
}

bool transaction_statements::is_open() const noexcept {
  return db_ != nullptr && sqlite3_get_autocommit(db_) == 0;
}

void transaction_statements::roll_back() noexcept {
  const unstoppable undo(*handlers_);
  if (is_open() && run(kind::rollback) != SQLITE_DONE)
    note_failure_to_end();
}

bool transaction_statements::roll_back_to_savepoint() noexcept {
  const engine_rights own(*auth_);
  const unstoppable undo(*handlers_);
  return sqlite3_exec(db_, "ROLLBACK TO dbengine; RELEASE dbengine", nullptr, nullptr, nullptr) ==
         SQLITE_OK;
}

void transaction_statements::end_read() noexcept {
  if (run(kind::commit) != SQLITE_DONE && run(kind::rollback) != SQLITE_DONE)
    note_failure_to_end();
}

void transaction_statements::note_failure_to_end() noexcept {
  failed_to_end_ = failed_to_end_ || (is_open() && !DBENGINE_MUTANT("keeps open transactions"));
}

} // namespace dbengine::sqlite
