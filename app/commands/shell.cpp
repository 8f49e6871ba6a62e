// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "shell/shell.hpp"

#include "cli/context.hpp"
#include "commands/commands.hpp"
#include "shell/completion.hpp"
#include "shell/editor.hpp"
#include "shell/plain_lines.hpp"

#include <memory>

#include <unistd.h>

namespace dbengine::app {

namespace {

int run(context& c) {
  const bool read_only = c.args.has("read-only") || c.config.engine.read_only;
  const DbEngine engine = open_engine(c, read_only ? opening::read_only : opening::create);
  shell::session statements(engine, read_only, !c.connect.empty());
  shell::session_signals signals(*c.signals);
  if (::isatty(STDIN_FILENO) == 0) {
    shell::plain_lines lines(signals);
    return shell::shell(c, statements, signals, lines).run();
  }
  shell::editor lines(signals, shell::history_file(),
                      [&](const std::string& line, std::size_t begin, const std::string& word) {
                        return shell::complete(statements, line, begin, word);
                      });
  c.note("dbengine " DBENGINE_VERSION
         ": statements end with a semicolon, .help lists commands, Ctrl-D leaves");
  if (!lines.history_problem().empty())
    c.note("the history is not kept: " + lines.history_problem());
  return shell::shell(c, statements, signals, lines).run();
}

} // namespace

command shell_command(bool remote) {
  command c{.name = "shell", .summary = "work with a database interactively"};
  c.description =
      "Reads statements and dot commands (.help lists them) from a terminal, with history and "
      "completion, or from a pipe, without prompts. A statement may take several lines and ends "
      "with a semicolon. BEGIN opens a transaction that lasts until COMMIT or ROLLBACK; "
      "until then the prompt shows a star. From a pipe the first failure ends the shell with its "
      "exit code, and an open transaction is rolled back. With --connect each statement is a "
      "separate request: transactions, attached files, temporary tables and settings need the "
      "file itself.";
  c.options = {
      output_option(),
      {.names = "--read-only",
       .help = "open without a writer, beside an engine that has the file open"},
  };
  c.examples = {"shell app.db", "shell app.db < statements.sql"};
  c.run = run;
  return with_database(std::move(c), remote);
}

} // namespace dbengine::app
