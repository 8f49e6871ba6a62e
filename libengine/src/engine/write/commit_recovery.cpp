// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/write/commit_recovery.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "base/log.hpp"

#include <sqlite3.h>

namespace dbengine::engine {

namespace {

// Returns false if `f` returns false or throws. After any exception the commit is not resolved, and
// the log contains the reason.
template <class F>
bool succeeds(const char* what, F&& f) {
  try {
    return f();
  } catch (...) {
    base::log(base::log_level::error, std::string(what) + " after an I/O error failed: " +
                                          to_string(base::current_exception_info()));
    return false;
  }
}

} // namespace

error_info commit_recovery::resolve_failed_commit(sqlite::connection& c, error_info why) {
  disk_->record_failure(why);
  if (DBENGINE_MUTANT("does not settle"))
    return why;
  // If only the index of the WAL got no memory, the commit is in the WAL nevertheless.
  const bool may_reappear = why.code == errc::io || (why.extended_code & 0xff) == SQLITE_NOMEM;
  if (!may_reappear || file_->location().memory)
    return why;
  c.transaction().rollback();
  const bool doubtful = why.extended_code == SQLITE_IOERR_FSYNC ||
                        fence_->current() == write_fence::level::unresolved;
  const bool synced = !doubtful || succeeds("writing the log again", [&] {
    secure_log(c);
    return true;
  });
  const auto truncate = [&] { return checkpoints_->run(c, checkpoint_mode::truncate).complete; };
  const auto overwrite = [&] {
    c.maintenance().commit_noop();
    return true;
  };
  if (synced && (succeeds("the checkpoint", truncate) || succeeds("the commit", overwrite))) {
    fence_->lift();
    return why;
  }
  const auto text =
      "a commit failed and could not be resolved, it may reappear when the file is opened "
      "again: " +
      why.message;
  fence_->raise_unresolved(text);
  return {.code = errc::fenced,
          .outcome = outcome::unknown,
          .extended_code = why.extended_code,
          .message = text};
}

void commit_recovery::ensure_writable() {
  auto& c = lock_->connection();
  if (auto moved = c.files().check_identity_if_stale(); !moved.empty())
    fence_->raise_permanently(std::move(moved));
  if (fence_->current() == write_fence::level::none)
    return;
  fence_->check();
  auto why = resolve_failed_commit(c, {.code = errc::io, .message = "tried again"});
  if (why.code == errc::fenced) {
    why.outcome = outcome::not_run;
    throw error(std::move(why));
  }
}

void commit_recovery::replace_connection() {
  if (auto why = lock_->connection().files().check_identity(); !why.empty())
    fence_->raise_permanently(std::move(why));
  lock_->replace_connection();
  checkpoints_->run_if_due();
}

} // namespace dbengine::engine
