// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/functions/collation_failure.hpp"

#include <sqlite3.h>

namespace dbengine::sqlite {

void collation_failure::failed(const std::string& collation, const std::string& why) noexcept {
  const bool writing = sqlite3_txn_state(db_, nullptr) == SQLITE_TXN_WRITE;
  const bool request = running_ != nullptr && *running_ != nullptr;
  spoilt_ = spoilt_ || writing;
  failed_ = failed_ || request;
  try {
    message_ = "collation \"" + collation + "\": " + why;
  } catch (...) { // out of memory: it failed all the same
    message_ = "a collation failed";
  }
  // So that it does not go on sorting. A reader has other statements open, which are not to be stopped: its own request is told.
  if (writing || !request)
    sqlite3_interrupt(db_);
}

} // namespace dbengine::sqlite
