// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The one place where SQLite's result codes and SQLiteCpp's exceptions become `dbengine::error`.

#pragma once

#include <dbengine/error.hpp>

#include <string>

struct sqlite3;

namespace dbengine::base {

/// Our code for a (primary or extended) result code of SQLite.
errc map_code(int extended_code) noexcept;

/// The error that `db` has just reported, with SQLite's text and, where SQLite knows it, the byte offset
/// plus `base`. `context` goes in front of the message.
error_info last_error(sqlite3* db, int code, std::size_t base = 0, const std::string& context = {});

/// The same of any exception in flight: SQLiteCpp's, ours, `bad_alloc`, others. For `catch (...)`.
error_info current_exception_info() noexcept;

} // namespace dbengine::base
