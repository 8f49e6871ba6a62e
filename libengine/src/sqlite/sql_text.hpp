// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Positions in an SQL text. Only for telling where a second statement begins; what a text may do is never decided here.

#pragma once

#include <cstddef>
#include <string_view>

namespace dbengine::sqlite {

/// The position of the first byte from `from` on that is no space, comment or semicolon; `npos` where there is none.
std::size_t next_statement(std::string_view sql, std::size_t from) noexcept;

/// Whether a token that begins so is a parameter, and where it ends: `:name`, `@name`, `$name` (with `::` and `(...)` behind it, as in
/// Tcl), `?` and `?5`.
bool begins_parameter(char c) noexcept;
std::size_t parameter_end(std::string_view sql, std::size_t begin) noexcept;

/// Where the first statement of the text ends, its semicolon included, by the rules of `sqlite3_complete` (triggers, strings and
/// comments with semicolons are safe) and, where that is wrong, of SQLite's parser (a semicolon in `$a(;)`); all of it where no semicolon ends it. Reads the text up to there once.
std::size_t statement_end(std::string_view sql) noexcept;

/// How many names SQLite passes in its list of parameters, which has no index, to prepare this one statement: each `:name`,
/// `@name`, `$name` and each `?5` that is no new highest number is looked for among those before it, and all of them once more when
/// their program is written. Stops counting past `most` and at the first semicolon: what a trigger does has no parameters.
std::size_t parameter_lookups(std::string_view sql, std::size_t most);

/// Whether the first statement may have the word WITH, in a string or comment as well. Looks no further than the first semicolon, so
/// that a script is read once: what goes on behind one may have it.
bool may_have_with(std::string_view sql) noexcept;

/// Of an insert that is nothing but `INSERT INTO name [(columns)] VALUES (?, …)`: its parenthesis with the question marks, a part of
/// `sql`. Empty for anything else, be it as harmless (an `OR`, a comment, a name in quotes). SQLite has taken the text before.
std::string_view parse_single_row_values(std::string_view sql) noexcept;

/// False where the text surely only reads. A guess that keeps the writes of one sender in their order; what a statement may do
/// is for SQLite's authorizer to say.
bool may_write(std::string_view sql) noexcept;

} // namespace dbengine::sqlite
