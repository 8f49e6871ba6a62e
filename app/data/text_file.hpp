// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A whole text from a file or standard input.
#pragma once

#include "data/chunks.hpp"

#include <cstddef>
#include <stop_token>
#include <string>

namespace dbengine::app {

/// The content of a file, of standard input for "-". A byte order mark at the start is left out. Throws `data_error`, and `errc::cancelled`
/// where a stop is asked for.
std::string read_text(const std::string& path, std::stop_token cancel = {});

/// Adds to `text`, which begins with what the input does, until it is longer than `most` or the input ends: true then. Leaves a byte
/// order mark out.
bool read_text(chunks& from, std::string& text, std::size_t most);

} // namespace dbengine::app
