// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// `dbengine demo`: loads the machine's Debian package index through one engine and checks every
// answer against SQLite itself.
#pragma once

#include "ui/terminal.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <stop_token>

namespace dbengine::app::demo {

struct settings {
  /// The file of the database, which is kept once it is complete. Without it the database is in a
  /// temporary folder that is removed.
  std::optional<std::filesystem::path> database = std::nullopt;
  /// A file in the format of `apt-cache dumpavail`. Without it that program is run.
  std::optional<std::filesystem::path> input = std::nullopt;
  /// Maximum number of records to load, 0 = all.
  std::uint64_t limit = 0;
  ui::terminal out = {};
  ui::terminal err = {};
  std::stop_token cancel = {};
};

/// The package index is missing; the message says what to do.
class no_input : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Runs the demo and writes the report to standard output. Returns true if every comparison agreed.
/// Errors: `dbengine::error`, `std::system_error`, `no_input`, and `std::invalid_argument` for a
/// database that already exists.
bool run(const settings& s);

} // namespace dbengine::app::demo
