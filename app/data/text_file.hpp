// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A whole text from a file or standard input.
#pragma once

#include <string>

namespace dbengine::app {

/// The content of a file, of standard input for "-". A byte order mark at the start is left out. Throws `data_error`.
std::string read_text(const std::string& path);

} // namespace dbengine::app
