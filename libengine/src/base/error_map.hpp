// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Mapping of SQLite's result codes and SQLiteCpp's exceptions to `dbengine::error`, in one place.
// Thread safety: any thread; `db` belongs to the calling thread.

#pragma once

#include <dbengine/error.hpp>

#include <string>

struct sqlite3;

namespace dbengine::base {

/// The engine's code for a primary or extended result code of SQLite.
errc map_code(int extended_code) noexcept;

/// The error that `db` has just returned, with SQLite's message and, if SQLite knows it, the byte
/// offset plus `base`. `context` precedes the message.
error_info last_error(sqlite3* db, int code, std::size_t base = 0, const std::string& context = {});

/// The error of the exception that is being handled: SQLiteCpp's, the engine's, `bad_alloc` or any
/// other. For use in `catch (...)`.
error_info current_exception_info() noexcept;

} // namespace dbengine::base
