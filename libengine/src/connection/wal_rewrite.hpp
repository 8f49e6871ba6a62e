// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Repairs a write-ahead log after a sync of it failed.
// Thread safety: the write connection's user.

#pragma once

#include "connection/connection.hpp"

namespace dbengine::sqlite {

/// Writes the content of the write-ahead log once more, byte by byte in its place, and syncs it.
/// Holds SQLite's write lock until it returns.
///
/// An operating system reports a failed sync once: the pages that it could not write are clean from
/// then on, and the next sync succeeds. A checkpoint that relied on that sync would copy frames
/// into the database that a power cut removes from the log. The database would then be partly new
/// and partly old. Rewritten pages are dirty again, so that the sync after it is reliable.
///
/// Throws `error` if the log cannot be read, written or synced, or if another connection writes it.
/// Nothing may be copied out of the log then; closing the connection does not copy, either.
void rewrite_wal(connection& c);

} // namespace dbengine::sqlite
