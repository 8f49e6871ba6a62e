// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Parses the command line by the command tree.
#pragma once

#include "cli/command.hpp"

#include <string>
#include <vector>

namespace dbengine::app {

/// A parsed command line.
struct parsed {
  /// From the root's child down to the command that runs; empty for the program itself.
  std::vector<const command*> path = {};
  /// Those of the command and of the program.
  arguments args = {};
  bool help = false;
  bool version = false;

  /// "backup list".
  std::string name() const;
};

/// The command that the words name, as far as they can be parsed: "backup list"; empty for the
/// program itself.
std::string command_name(const command& tree, const std::vector<std::string>& words);

/// Parses the words after the program's name.
/// Errors: `usage_error`, whose message names the mistake and the nearest valid word.
parsed parse(const command& tree, const std::vector<std::string>& words);

} // namespace dbengine::app
