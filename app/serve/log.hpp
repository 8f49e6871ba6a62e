// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The log of a server: the engine's and its own lines, on standard error.
#pragma once

#include <string>
#include <vector>

namespace dbengine::app::serve {

/// "debug", "info", "warning", "error".
const std::vector<std::string>& log_levels();
/// "text": `2026-01-31T12:00:00.123Z info message`; "json": an object per line with time, level,
/// message.
const std::vector<std::string>& log_formats();

/// Redirects the engine's log to this one. Call it before the first engine opens; later calls
/// change level and format.
void set_up_log(const std::string& level, const std::string& format);

void log_info(const std::string& text);
void log_warning(const std::string& text);
void log_error(const std::string& text);

} // namespace dbengine::app::serve
