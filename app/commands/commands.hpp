// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// All commands. Each function returns its node of the command tree; `remote` omits the database
// argument.
#pragma once

#include "cli/command.hpp"

namespace dbengine::app {

command demo_command();
command shell_command(bool remote);
command bench_command();
command query_command(bool remote);
command script_command(bool remote);
command import_command(bool remote);
command export_command(bool remote);
command dump_command(bool remote);
command schema_command(bool remote);
command check_command(bool remote);
command vacuum_command(bool remote);
command stats_command(bool remote);
command backup_command(bool remote);
command restore_command();
command serve_command();
command config_command();
command completion_command();
command man_command();
command version_command();

/// Adds the argument DB as the first one, unless the database is remote.
command with_database(command c, bool remote);

/// Options that several commands share: `-o FORMAT`, `--timeout` and others.
option_spec output_option();
option_spec timeout_option();

} // namespace dbengine::app
