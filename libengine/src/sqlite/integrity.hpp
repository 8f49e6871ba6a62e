// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The parts of a database that SQLite's own checks leave out.
// Thread safety: the connection's user.

#pragma once

#include <string>
#include <vector>

struct sqlite3;

namespace dbengine::sqlite {

/// Finds damage in the schema "main" of `db` that `integrity_check` and `quick_check` do not cover;
/// empty if there is none. Call it within a read transaction of `db`; it expires the prepared
/// statements of `db`. Two kinds:
///
/// 1. Pages of the free list. SQLite 3.40 to 3.46 (at least) takes its list of b-trees for a
///    partial one if the list begins with an object without a b-tree: a view or a virtual table.
///    Then it does not read the free list and misses unreferenced pages: a page that is both free
///    and in use passes. Here the list begins with a b-tree, because of a table that exists only in
///    this connection's memory: nothing is written, no lock is taken. Cost: one reading of all
///    pages, or nothing if SQLite's own list is complete.
/// 2. Pages that the file lacks wholly or in part and the write-ahead log does not hold: SQLite
///    reads them as zeros.
///
/// Throws `error`, of `errc::internal` if this SQLite cannot be made to check everything.
std::vector<std::string> missed_by_check(sqlite3* db);

/// The second kind alone, for a copy of the database; empty if the file has all its pages. Call it
/// within a read transaction.
std::string missing_pages(sqlite3* db);

} // namespace dbengine::sqlite
