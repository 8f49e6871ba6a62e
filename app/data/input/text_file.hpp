// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A whole text from a file or standard input.
#pragma once

#include "data/input/chunks.hpp"

#include <cstddef>
#include <stop_token>
#include <string>

namespace dbengine::app {

/// The content of a file, or of standard input for "-", without a byte order mark at the start.
/// Errors: `data_error`, and `errc::cancelled` if a stop is requested.
std::string read_text(const std::string& path, std::stop_token cancel = {});

/// Appends to `text`, which holds the beginning of the input, until it is longer than `most` or the
/// input ends. Returns true if the input ended. Removes a byte order mark.
bool read_text(chunks& from, std::string& text, std::size_t most);

} // namespace dbengine::app
