// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The command line against the command tree.
#pragma once

#include "cli/command.hpp"

#include <string>
#include <vector>

namespace dbengine::app {

/// What a command line asks for.
struct parsed {
  /// From the root's child down to the command that runs; empty for the program itself.
  std::vector<const command*> path = {};
  /// Of the command and the program together.
  arguments args = {};
  bool help = false;
  bool version = false;

  /// "backup list".
  std::string name() const;
};

/// The command that the words mean as far as they can be understood: "backup list", empty for the program itself.
std::string command_name(const command& tree, const std::vector<std::string>& words);

/// Parses without the program's name. Throws `usage_error` whose message names the mistake and the nearest right word.
parsed parse(const command& tree, const std::vector<std::string>& words);

} // namespace dbengine::app
