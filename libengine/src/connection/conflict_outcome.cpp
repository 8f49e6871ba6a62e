// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection/conflict_outcome.hpp"

#include "sqlite/authorizer.hpp"

#include <sqlite3.h>

#include <string>
#include <string_view>

namespace dbengine::sqlite {

void conflict_outcome::save_change_count() noexcept {
  changes_before_ = sqlite3_total_changes64(db_);
  holds_failed_rows_ = false;
}

bool conflict_outcome::has_changes() const noexcept {
  return sqlite3_total_changes64(db_) != changes_before_;
}

outcome conflict_outcome::outcome_of(int code, const prepared* p) const {
  if (p != nullptr && p->read_only)
    return outcome::not_run;
  return p != nullptr && rows_were_kept(code, *p) ? outcome::partially_applied
                                                  : outcome::rolled_back;
}

// True if the statement ended by `OR FAIL` or `RAISE(FAIL)`, which keep its previous changes. Only
// a constraint ends a statement so. A foreign key (at the end of the statement or at its commit), a
// refused commit and every other failure undo the statement or the transaction. The count of all
// changes alone is no proof: virtual tables count writes to their own tables, which the statement's
// undo reverts.
bool conflict_outcome::rows_were_kept(int code, const prepared& p) const {
  if ((code & 0xff) != SQLITE_CONSTRAINT || code == SQLITE_CONSTRAINT_COMMITHOOK ||
      code == SQLITE_CONSTRAINT_FOREIGNKEY)
    return false;
  if (!has_changes() || !p.dml_only)
    return false;
  return sqlite3_changes64(db_) != 0 || has_fail_conflict(p);
}

// The statement itself kept no row, but its triggers may have written some: true if its program can
// end in a way that keeps them.
bool conflict_outcome::has_fail_conflict(const prepared& p) const {
  constexpr int on_error_fail = 3; // OE_Fail: sqlite3.c, "OP_Halt"
  const auto question = "EXPLAIN " + std::string(sqlite3_sql(p.stmt));
  const engine_rights own(*auth_);
  sqlite3_stmt* program = nullptr;
  bool found = false;
  int rc = sqlite3_prepare_v2(db_, question.c_str(), -1, &program, nullptr);
  while (!found && rc == SQLITE_OK && (rc = sqlite3_step(program)) == SQLITE_ROW) {
    rc = SQLITE_OK;
    const auto* name = reinterpret_cast<const char*>(sqlite3_column_text(program, 1));
    const std::string_view operation = name != nullptr ? name : "";
    const bool halts = operation == "Halt" || operation == "HaltIfNull";
    found = (halts && sqlite3_column_int(program, 2) != SQLITE_OK &&
             sqlite3_column_int(program, 3) == on_error_fail) ||
            (operation == "VUpdate" && sqlite3_column_int(program, 6) == on_error_fail);
  }
  sqlite3_finalize(program);
  return found || (rc & 0xff) == SQLITE_NOMEM; // if it could not be read, it may have one
}

} // namespace dbengine::sqlite
