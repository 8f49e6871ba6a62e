// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection/statement_echo.hpp"

#include "base/log.hpp"
#include "connection/read_snapshot.hpp"
#include "connection/transaction_statements.hpp"

#include <dbengine/defaults.hpp>

#include <sqlite3.h>

#include <string>
#include <string_view>

namespace dbengine::sqlite {

void statement_echo::install(sqlite3* db) noexcept {
  sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, &statement_echo::on_trace, this);
}

int statement_echo::on_trace(unsigned, void* self, void* statement, void* nanoseconds) {
  auto* s = static_cast<sqlite3_stmt*>(statement);
  const auto& echo = *static_cast<statement_echo*>(self);
  if (echo.transactions_->owns(s) || s == echo.snapshot_->statement())
    return 0;
  char* expanded = sqlite3_expanded_sql(s);
  try {
    const auto us = *static_cast<sqlite3_int64*>(nanoseconds) / 1000;
    std::string_view text = expanded != nullptr ? expanded : sqlite3_sql(s);
    std::string cut;
    if (text.size() > defaults::max_echo_bytes) {
      cut = " ... (" + std::to_string(text.size()) + " bytes)";
      text = text.substr(0, defaults::max_echo_bytes);
    }
    base::log(base::log_level::debug, std::string(echo.writer_ ? "writer " : "reader ") +
                                          std::to_string(us) + " us: " + std::string(text) + cut);
  } catch (...) { // out of memory: only the log line is lost
  }
  sqlite3_free(expanded);
  return 0;
}

} // namespace dbengine::sqlite
