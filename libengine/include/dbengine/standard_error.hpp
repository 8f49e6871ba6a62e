// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// Non-blocking writes to standard error, for logs: the reader of a pipe may be slow or stopped.
/// Thread safety: any thread.

#pragma once

#include <string_view>

namespace dbengine::detail {

/// Writes a line, including its line break, without blocking. If a pipe, socket or terminal accepts
/// no more, the line is dropped; the next line that is written is preceded by one with the number
/// of dropped lines. Only a regular file may block.
void write_to_standard_error(std::string_view line) noexcept;

} // namespace dbengine::detail
