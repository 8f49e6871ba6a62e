// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/dump/schema.hpp"
#include "cli/context.hpp"
#include "commands/commands.hpp"
#include "output/output_stream.hpp"

namespace dbengine::app {

namespace {

int run(context& c) {
  const auto table = c.args.text("TABLE");
  const DbEngine engine = open_engine(c, opening::read_only);
  const request_view db = requests(engine, c);
  output_stream standard(stdout);
  standard.write(schema_text(
      [&](const std::string& sql, const params& p) { return db.fetch(sql, p); }, table));
  standard.finish();
  return 0;
}

} // namespace

command schema_command(bool remote) {
  command c{.name = "schema",
            .summary = "show the statements that created tables, views, indexes and triggers"};
  c.positionals = {{.name = "TABLE",
                    .help = "only this table with its indexes and triggers",
                    .required = false}};
  c.options = {timeout_option()};
  c.run = run;
  return with_database(std::move(c), remote);
}

} // namespace dbengine::app
