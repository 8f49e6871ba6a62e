// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "base/error_map.hpp"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <new>

namespace dbengine::base {

errc map_code(int extended_code) noexcept {
  switch (extended_code & 0xff) {
  case SQLITE_OK:
  case SQLITE_ROW:
  case SQLITE_DONE: return errc::none;
  case SQLITE_INTERNAL:
  case SQLITE_MISUSE: return errc::internal;
  case SQLITE_PERM:
  case SQLITE_CANTOPEN: return errc::cannot_open;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
  case SQLITE_PROTOCOL: return errc::busy;
  case SQLITE_NOMEM:
  case SQLITE_TOOBIG: return errc::too_big;
  case SQLITE_READONLY: return errc::read_only;
  case SQLITE_INTERRUPT: return errc::cancelled;
  case SQLITE_IOERR: return errc::io;
  case SQLITE_CORRUPT: return errc::corrupt;
  case SQLITE_FULL: return errc::disk_full;
  case SQLITE_CONSTRAINT: return errc::constraint;
  case SQLITE_AUTH: return errc::not_allowed;
  case SQLITE_RANGE: return errc::bind;
  case SQLITE_NOTADB: return errc::not_a_database;
  default: return errc::sql;
  }
}

error_info last_error(sqlite3* db, int code, std::size_t base, const std::string& context) {
  error_info info;
  const int extended = db != nullptr ? sqlite3_extended_errcode(db) : code;
  // For bind errors and a busy step the connection no longer has the code: the code that was passed
  // is kept.
  info.extended_code = (extended & 0xff) == (code & 0xff) ? extended : code;
  info.code = map_code(info.extended_code);
  info.message = context;
  if (!context.empty())
    info.message += ": ";
  info.message += (extended & 0xff) == (code & 0xff) && db != nullptr ? sqlite3_errmsg(db)
                                                                      : sqlite3_errstr(code);
  if (info.extended_code == SQLITE_READONLY_ROLLBACK)
    info.message +=
        " (a process ended in the middle of a transaction: open the file once with the right to "
        "write it, which rolls that transaction back)";
  if (db != nullptr && (extended & 0xff) == (code & 0xff)) {
    const int at = sqlite3_error_offset(db);
    if (at >= 0)
      info.offset = base + static_cast<std::size_t>(at);
  }
  return info;
}

namespace {

error_info describe_current_exception() {
  try {
    throw;
  } catch (const error& e) {
    return e.info();
  } catch (const SQLite::Exception& e) {
    const int code = e.getExtendedErrorCode() > 0 ? e.getExtendedErrorCode() : e.getErrorCode();
    error_info info{.code = map_code(code), .extended_code = code, .message = e.what()};
    if (info.code == errc::none)
      info.code = errc::internal;
    return info;
  } catch (const std::bad_alloc&) {
    return {.code = errc::too_big, .message = "out of memory"};
  } catch (const std::exception& e) {
    return {.code = errc::internal, .message = e.what()};
  } catch (...) {
    return {.code = errc::internal, .message = "an exception of unknown type"};
  }
}

} // namespace

error_info current_exception_info() noexcept {
  try {
    return describe_current_exception();
  } catch (...) { // no memory for the text; the following text needs none
    return {.code = errc::too_big, .message = "out of memory"};
  }
}

} // namespace dbengine::base
