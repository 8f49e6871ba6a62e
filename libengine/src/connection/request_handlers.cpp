// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection/request_handlers.hpp"

#include "base/fault.hpp"
#include "sqlite/files/truncation_check.hpp"
#include "sqlite/functions/replaced_functions.hpp"
#include "sqlite/functions/user_functions.hpp"

#include <dbengine/defaults.hpp>

#include <sqlite3.h>

#include <algorithm>

namespace dbengine::sqlite {

request_handlers::request_handlers(const location& where, const options& o) noexcept
    : where_(&where), options_(&o), busy_since_(where.waiting_since.value_or(clock::now())) {}

void request_handlers::install(sqlite3* db) noexcept {
  sqlite3_busy_handler(db, &request_handlers::on_busy, this);
  sqlite3_progress_handler(db, defaults::progress_steps, &request_handlers::on_progress, this);
}

void request_handlers::install_commit_hook(sqlite3* db) noexcept {
  sqlite3_commit_hook(db, &request_handlers::on_commit, this);
}

void request_handlers::register_functions(sqlite3* db) {
  stop_ = std::make_shared<stop_test>(&request_handlers::on_progress, this);
  register_replaced_functions(db, stop_);
  if (!options_->collations.empty()) {
    collations_ = std::make_shared<collation_failure>(db, &current_);
    sqlite3_rollback_hook(
        db, [](void* failure) { static_cast<collation_failure*>(failure)->rolled_back(); },
        collations_.get());
  }
  register_user_functions(db, *options_, collations_);
}

void request_handlers::detach(sqlite3* db) noexcept {
  sqlite3_progress_handler(db, 0, nullptr, nullptr);
  sqlite3_busy_handler(db, nullptr, nullptr);
  sqlite3_commit_hook(db, nullptr, nullptr);
  sqlite3_rollback_hook(db, nullptr, nullptr);
  stop_->end();
  if (collations_)
    collations_->end();
}

const char* request_handlers::fence_reason() const noexcept {
  return where_->truncation ? where_->truncation->failure() : nullptr;
}

bool request_handlers::is_stop_code(int code) noexcept {
  const int primary = code & 0xff;
  return primary == SQLITE_INTERRUPT || primary == SQLITE_BUSY || primary == SQLITE_ABORT ||
         code == SQLITE_CONSTRAINT_COMMITHOOK;
}

int request_handlers::on_progress(void* self) {
  const auto& h = *static_cast<request_handlers*>(self);
  if (h.collation_failed())
    return 1;
  // SQLite calls once more after a statement has ended (sqlite3.c, "vdbe_return"). Stopping then
  // would report an error for work that is done, and undo nothing.
  const bool ended = h.stepping_ != nullptr && sqlite3_stmt_busy(h.stepping_) == 0 &&
                     !DBENGINE_MUTANT("stops what has ended");
  if (h.current_ == nullptr || ended || h.current_->commit.has_begun())
    return 0;
  if (h.current_->deadline.must_stop())
    return 1;
  h.current_->deadline.yield_if_shared();
  return 0;
}

int request_handlers::on_busy(void* self, int attempt) {
  return static_cast<request_handlers*>(self)->wait_for_lock(attempt) ? 1 : 0;
}

bool request_handlers::wait_for_lock(int attempt) noexcept {
  const auto now = clock::now();
  if (attempt == 0 && !opening_)
    busy_since_ = now;
  if ((current_ != nullptr && current_->deadline.must_stop()) || fence_reason() != nullptr)
    return false;
  if (now - busy_since_ >= std::min(options_->busy_timeout, longest_wait))
    return false;
  // 1, 2, 4 … at most 10 ms, so that a deadline is noticed well within its 50 ms.
  sqlite3_sleep(std::min(1 << std::min(attempt, 4), 10));
  return true;
}

int request_handlers::on_commit(void* self) {
  const auto& h = *static_cast<request_handlers*>(self);
  if (h.commits_forbidden_ || h.fence_reason() != nullptr ||
      (h.collations_ && h.collations_->forbids_commit()))
    return 1;
  return h.current_ != nullptr && !h.current_->commit.try_begin() ? 1 : 0;
}

} // namespace dbengine::sqlite
