// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// SQLite handles that cannot be closed.
// Thread safety: any thread. Ownership: keeps the handles until the process ends.

#pragma once

#include <dbengine/options.hpp>

#include <memory>

namespace SQLite {
class Database;
} // namespace SQLite

namespace dbengine::sqlite {

class request_handlers;

/// Keeps a handle whose statements a host did not finalize (SQLite: a zombie connection), without
/// its files. The statements may belong to a virtual table or be finalized later, so handle and
/// statements must stay; they do not refer to the connection. `o`: the options that the host's
/// functions refer to.
void leak_handle(std::unique_ptr<SQLite::Database> database, std::shared_ptr<const options> o,
                 request_handlers& handlers);

} // namespace dbengine::sqlite
