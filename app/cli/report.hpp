// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The texts of error messages.
#pragma once

#include "ui/terminal.hpp"

#include <dbengine/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace dbengine::app {

/// "error: no such column: nope (sql)" and, if there is a text, the line with a caret under the
/// byte `offset`.
std::string failure_text(const error_info& e, std::string_view sql, const ui::terminal& t);

/// The line of `text` that contains byte `offset`, with its number, and a second line with a caret
/// under that byte; both fit the terminal.
std::string pointer_text(std::string_view text, std::size_t offset, const ui::terminal& t);

/// "error: " and the text, in the colours of `t`.
std::string error_line(std::string_view text, const ui::terminal& t);

} // namespace dbengine::app
