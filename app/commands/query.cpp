// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/suggest.hpp"
#include "commands/commands.hpp"
#include "data/input/text_file.hpp"
#include "data/statements/parameters.hpp"
#include "data/statements/run_statement.hpp"
#include "data/statements/statement_kind.hpp"
#include "output/row_writer.hpp"

namespace dbengine::app {

namespace {

int run(context& c) {
  const std::string given = c.args.text_or("SQL", "");
  const std::string sql = given == "-" ? read_text("-", c.cancel) : given;
  const params p = parse_parameters(c.args.all("param"));
  const auto kind = kind_of(sql);
  // With a remote database nothing else would refuse the statement: the engine there may write.
  if (!c.connect.empty() && c.args.has("read-only") && kind != statement_kind::reads)
    throw dbengine::error(errc::read_only, "the statement writes, and --read-only is given");
  output_stream standard(stdout);
  const auto writer = make_writer(c.args.text_or("output", c.config.format), standard, c.out);

  // A statement that only reads creates no missing file, changes nothing, and works beside an
  // engine that has the file open.
  const bool read_only =
      kind == statement_kind::reads || c.args.has("read-only") || c.config.engine.read_only;
  const DbEngine engine = open_engine(c, read_only ? opening::read_only : opening::create);
  const request_view db = requests(engine, c);
  pointing_into(sql, db, [&] {
    const auto done = run_statement(db, sql, p, *writer);
    standard.finish();
    if (done.wrote || c.verbosity > 0 || c.out.interactive)
      c.note(done.text());
  });
  return 0;
}

} // namespace

command query_command(bool remote) {
  command c{.name = "query", .summary = "run one statement and write its rows"};
  c.description =
      "Runs one SQL statement and writes its rows to standard output. Values are bound, never "
      "inserted into the text: use -p for every parameter of the statement. A statement that only reads opens "
      "the file read-only, so it works beside an engine that has the file open; one that writes "
      "creates the file if it does not exist.";
  c.positionals = {{.name = "SQL", .help = "the statement, - for standard input"}};
  c.options = {
      {.names = "-p,--param",
       .what = value_kind::text,
       .value = "NAME=VALUE",
       .help = "bind a parameter: NAME=text or NAME:=JSON; a number for NAME is a position",
       .repeatable = true},
      output_option(),
      timeout_option(),
      {.names = "--read-only", .help = "refuse statements that write"},
  };
  c.examples = {"query app.db 'SELECT * FROM users WHERE name = :name' -p name=Ada",
                "query app.db 'SELECT * FROM users WHERE id = ?' -p 1:=42 -o json"};
  c.run = run;
  return with_database(std::move(c), remote);
}

} // namespace dbengine::app
