// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Texts derived from the command tree.
#pragma once

#include "cli/command.hpp"
#include "ui/terminal.hpp"

#include <string>
#include <vector>

namespace dbengine::app {

/// The `--help` text of the command at the end of `path` (empty: the program).
std::string help_text(const command& tree, const std::vector<const command*>& path,
                      const ui::terminal& t);

/// "dbengine query [OPTIONS] DB SQL".
std::string usage_line(const command& tree, const std::vector<const command*>& path);

/// The manual page dbengine(1) in roff.
std::string man_page(const command& tree);

/// A completion script for "bash", "zsh" or "fish".
std::string completion_script(const command& tree, const std::string& shell);

/// The description of a command in whole sentences.
std::string described(const command& c);

/// "-o, --output FORMAT".
std::string shown(const option_spec& o);

/// The options of every command, including `--help`.
std::vector<option_spec> global_options(const command& tree);

} // namespace dbengine::app
