// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A whole text from a file or standard input.
#pragma once

#include <stop_token>
#include <string>

namespace dbengine::app {

/// The content of a file, of standard input for "-". A byte order mark at the start is left out. Throws `data_error`, and `errc::cancelled`
/// where a stop is asked for.
std::string read_text(const std::string& path, std::stop_token cancel = {});

} // namespace dbengine::app
