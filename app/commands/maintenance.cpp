// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// check and vacuum.

#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "commands/commands.hpp"
#include "output/output_stream.hpp"
#include "ui/text.hpp"

namespace dbengine::app {

namespace {

int run_check(context& c) {
  const DbEngine engine = open_engine(c, opening::read_only);
  const request_view db = requests(engine, c);
  const bool quick = c.args.has("quick");
  auto problems = db.integrity_check(quick);
  if (!quick)
    for (const auto& r : db.fetch("SELECT \"table\", rowid, parent FROM pragma_foreign_key_check"))
      problems.push_back("foreign key: row " +
                         (r[1].is_null() ? "?" : std::to_string(r[1].as<std::int64_t>())) + " of " +
                         r[0].as<std::string>() + " references a missing row in " +
                         r[2].as<std::string>());
  output_stream standard(stdout);
  for (const auto& p : problems)
    standard.write(ui::visible(p) + "\n");
  if (problems.empty())
    standard.write("ok\n");
  standard.finish();
  return static_cast<int>(problems.empty() ? exit_code::ok : exit_code::check_failed);
}

int run_vacuum(context& c) {
  const DbEngine engine = open_engine(c, opening::existing);
  const request_view db = requests(engine, c).with_priority(priority::maintenance);
  const auto size = [&] {
    const auto info = engine.database_info();
    return info.page_size * info.page_count;
  };
  const auto before = size();
  const auto start = std::chrono::steady_clock::now();
  db.vacuum();
  c.note(ui::bytes_text(before) + " before, " + ui::bytes_text(size()) + " after, in " +
         ui::duration_text(std::chrono::steady_clock::now() - start));
  return 0;
}

} // namespace

command check_command(bool remote) {
  command c{.name = "check", .summary = "check for damage and broken references"};
  c.description =
      "Runs SQLite's integrity check and its check of foreign keys. Writes the problems, or ok. "
      "The exit code is 7 if there are problems, 11 if the file is too damaged to be read.";
  c.options = {{.names = "--quick",
                .help = "skip the checks of indexes against their tables and of foreign keys"},
               timeout_option()};
  c.run = run_check;
  return with_database(std::move(c), remote);
}

command vacuum_command(bool remote) {
  command c{.name = "vacuum", .summary = "rebuild the file without its free pages"};
  c.options = {timeout_option()};
  c.run = run_vacuum;
  return with_database(std::move(c), remote);
}

} // namespace dbengine::app
