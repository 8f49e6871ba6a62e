// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// `dbengine demo`: the machine's own Debian package index goes through one engine, and every answer is
// checked against SQLite itself.
#pragma once

#include "ui/terminal.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <stop_token>

namespace dbengine::app::demo {

struct settings {
  /// Where the database is made and kept, once it is complete; without it in a temporary folder that is removed.
  std::optional<std::filesystem::path> database = std::nullopt;
  /// A file in the format of `apt-cache dumpavail`; without it that program is run.
  std::optional<std::filesystem::path> input = std::nullopt;
  /// Records to load at most, 0 = all.
  std::uint64_t limit = 0;
  ui::terminal out = {};
  ui::terminal err = {};
  std::stop_token cancel = {};
};

/// There is nothing to load; the message says what to do.
class no_input : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Runs it all and writes the report to standard output. True when every comparison agreed. Throws
/// `dbengine::error`, `std::system_error`, `no_input`, and `std::invalid_argument` for a database that exists already.
bool run(const settings& s);

} // namespace dbengine::app::demo
