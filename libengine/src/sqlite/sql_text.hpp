// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Positions in an SQL text. The rights of a statement are never decided here.
// Thread safety: any thread.

#pragma once

#include <cstddef>
#include <string_view>

namespace dbengine::sqlite {

/// The position of the first byte from `from` on that is not a space, comment or semicolon; `npos`
/// if there is none.
std::size_t next_statement(std::string_view sql, std::size_t from) noexcept;

/// True if a token with this first byte is a parameter: `:name`, `@name`, `$name`, `?` and `?5`.
bool begins_parameter(char c) noexcept;
/// The position behind the parameter at `begin`; `$name` may have `::` and `(...)`, as in Tcl.
std::size_t parameter_end(std::string_view sql, std::size_t begin) noexcept;

/// The position behind the first statement of the text and its semicolon; the text's size if no
/// semicolon ends it. Follows the rules of `sqlite3_complete` (semicolons in triggers, strings and
/// comments are safe). If those are wrong (`$a(;)`), it follows those of SQLite's parser. Reads the
/// text up to that position once.
std::size_t statement_end(std::string_view sql) noexcept;

/// The number of names that SQLite compares in its list of parameters, which has no index, to
/// prepare this one statement. It searches the list for each `:name`, `@name`, `$name` and each
/// `?5` that is not a new highest number. It searches for all of them again when it writes their
/// program. Stops counting past `most`, and at the first semicolon, because the statements of a
/// trigger have no parameters.
std::size_t parameter_lookups(std::string_view sql, std::size_t most);

/// True if the first statement may have the word WITH, even in a string or comment. Reads up to the
/// first semicolon only, so that a script is read once; the text behind it may have the word.
bool may_have_with(std::string_view sql) noexcept;

/// For an insert of the form `INSERT INTO name [(columns)] VALUES (?, …)`: its parenthesis with
/// the question marks, a part of `sql`. Empty for every other text, even a harmless one (an `OR`, a
/// comment, a quoted name). SQLite has accepted the text before.
std::string_view parse_single_row_values(std::string_view sql) noexcept;

/// False if the text certainly only reads. A guess that preserves the order of one sender's writes;
/// SQLite's authorizer decides what a statement may do.
bool may_write(std::string_view sql) noexcept;

} // namespace dbengine::sqlite
