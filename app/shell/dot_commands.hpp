// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Shell commands that are not SQL.
#pragma once

#include <string>
#include <vector>

namespace dbengine::app::shell {

class shell;

struct dot_command {
  const char* name;
  const char* arguments;
  const char* help;
  std::size_t least, most; // number of arguments
  void (*run)(shell&, const std::vector<std::string>& arguments);
};

const std::vector<dot_command>& dot_commands();

/// Runs a line that begins with a dot.
/// Errors: `data_error`, which names the nearest command, and those of the command.
void run_dot_command(shell& s, const std::string& line);

} // namespace dbengine::app::shell
