// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/dump/dump.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "commands/commands.hpp"
#include "output/output_stream.hpp"

namespace dbengine::app {

namespace {

int run(context& c) {
  const DbEngine engine = open_engine(c, opening::read_only);
  output_stream standard(stdout);
  const auto db = requests(engine, c);
  for (const auto& warning : c.connect.empty() ? dump(db, standard) : dump_remote(db, standard))
    c.note("warning: " + warning);
  standard.finish();
  return 0;
}

} // namespace

command dump_command(bool remote) {
  command c{.name = "dump", .summary = "write the whole database as SQL"};
  c.description =
      "Writes statements that recreate the database, from one snapshot. Run them with dbengine "
      "script or sqlite3.";
  c.examples = {"dump app.db > app.sql"};
  c.run = run;
  return with_database(std::move(c), remote);
}

} // namespace dbengine::app
