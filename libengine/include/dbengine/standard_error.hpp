// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Standard error for a log: whoever reads it may be slow, or may have stopped reading.
// Thread rule: any thread.

#pragma once

#include <string_view>

namespace dbengine::detail {

/// Writes a line, which brings its own line break, and never waits: where a pipe, socket or terminal has no room for it, it is
/// dropped, and the next line that finds room is preceded by one that says how many were. Only a regular file is waited for.
void write_to_standard_error(std::string_view line) noexcept;

} // namespace dbengine::detail
