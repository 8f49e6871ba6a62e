// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/functions/collation_failure.hpp"

#include <sqlite3.h>

namespace dbengine::sqlite {

void collation_failure::failed(const std::string& collation, const std::string& why) noexcept {
  const bool writing = sqlite3_txn_state(db_, nullptr) == SQLITE_TXN_WRITE;
  const bool request = running_ != nullptr && *running_ != nullptr;
  wrote_ = wrote_ || writing;
  failed_ = failed_ || request;
  try {
    message_ = "collation \"" + collation + "\": " + why;
  } catch (...) { // no memory for the text; the failure is recorded nevertheless
    message_ = "a collation failed";
  }
  // Stops sorting in a wrong order. A reader has other open statements, which must not be
  // interrupted: its own request gets the error instead.
  if (writing || !request)
    sqlite3_interrupt(db_);
}

} // namespace dbengine::sqlite
