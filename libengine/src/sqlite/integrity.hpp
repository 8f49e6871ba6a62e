// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What SQLite's own checks of a database leave out.
// Thread rule: the connection's. Ownership: none.

#pragma once

#include <string>
#include <vector>

struct sqlite3;

namespace dbengine::sqlite {

/// What `integrity_check` and `quick_check` do not look for in the schema "main" of `db`; empty where nothing was found. Must be
/// called within a read transaction of `db`, whose prepared statements it expires. Two things:
///
/// SQLite 3.40 to 3.46 (at least) takes its list of b-trees for a partial one where it begins with an object that has no b-tree: a
/// view or a virtual table. Then the free list is not read, and no page is missed that nobody refers to: a page that is both
/// free and in use passes. Here the list is made to begin with a b-tree, by a table that exists in this connection's memory
/// only: nothing is written, no lock is taken. Costs one reading of all pages, and nothing where SQLite's own list is whole.
///
/// A page that the file lacks wholly or in part and the write-ahead log does not hold is read as zeros.
///
/// Throws `error`, of `errc::internal` where this SQLite cannot be brought to check all.
std::vector<std::string> missed_by_check(sqlite3* db);

/// The second of them alone, for whoever copies the database: empty where the file has all its pages. Within a read transaction.
std::string missing_pages(sqlite3* db);

} // namespace dbengine::sqlite
