// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A write-ahead log after a sync of it failed.
// Thread rule: the write connection's. Ownership: none.

#pragma once

#include "connection/connection.hpp"

namespace dbengine::sqlite {

/// Writes what the write-ahead log holds once more, byte by byte in its place, and syncs it. An operating system tells of a failed
/// sync once: the pages that it could not write are clean from then on, the next sync says nothing, and a checkpoint that
/// relied on it would copy frames into the database that a power cut takes out of the log: a file of two halves. What is written
/// again is dirty again, so that the sync after it says the truth. Holds SQLite's write lock meanwhile.
///
/// Throws `error` where the log cannot be read, written or synced, or is being written by somebody else: then nothing may be
/// copied out of it, and closing the connection does not do so, either.
void rewrite_wal(connection& c);

} // namespace dbengine::sqlite
