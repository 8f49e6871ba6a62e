// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Commands about the program itself: config, completion, man, version.

#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/help.hpp"
#include "commands/commands.hpp"
#include "output/output_stream.hpp"

#include <sqlite3.h>

namespace dbengine::app {

namespace {

int print(const std::string& text) {
  output_stream standard(stdout);
  standard.write(text);
  standard.finish();
  return 0;
}

} // namespace

command config_command() {
  command check{.name = "check", .summary = "check a configuration file"};
  check.description =
      "Reads a configuration file and reports every problem in it. The exit code is 3 if there is one.";
  check.positionals = {{.name = "FILE",
                        .what = value_kind::file,
                        .help = "the file (default: that of -c)",
                        .required = false}};
  check.run = [](context& c) {
    if (const auto file = c.args.text("FILE"))
      c.config = read_config(*file);
    else if (c.config.file.empty())
      throw usage_error("config check: FILE is missing");
    c.note(c.config.file.string() + ": ok");
    return 0;
  };
  command show{.name = "show", .summary = "write the whole configuration with all defaults"};
  show.run = [](context& c) { return print(to_toml(c.config)); };
  command c{.name = "config", .summary = "check or show the configuration"};
  c.commands = {std::move(check), std::move(show)};
  return c;
}

command completion_command() {
  command c{.name = "completion", .summary = "write a completion script for a shell"};
  c.description = "Writes a script that completes commands, options and values. For bash: "
                  "dbengine completion bash > ~/.local/share/bash-completion/completions/dbengine";
  c.positionals = {{.name = "SHELL",
                    .what = value_kind::choice,
                    .help = "bash, zsh or fish",
                    .choices = {"bash", "zsh", "fish"}}};
  c.run = [](context& x) {
    return print(completion_script(*x.tree, x.args.text_or("SHELL", "bash")));
  };
  return c;
}

command man_command() {
  command c{.name = "man", .summary = "write the manual page in roff"};
  c.description = "Writes the manual page: dbengine man | man -l -";
  c.run = [](context& x) { return print(man_page(*x.tree)); };
  return c;
}

command version_command() {
  command c{.name = "version", .summary = "show the versions of the program and of SQLite"};
  c.run = [](context&) {
    return print(std::string("dbengine " DBENGINE_VERSION "\nSQLite ") + sqlite3_libversion() +
                 "\n");
  };
  return c;
}

} // namespace dbengine::app
