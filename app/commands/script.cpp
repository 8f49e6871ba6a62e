// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/report.hpp"
#include "cli/suggest.hpp"
#include "commands/commands.hpp"
#include "data/input/chunks.hpp"
#include "data/input/text_file.hpp"
#include "data/statements/long_script.hpp"
#include "data/statements/raw_script.hpp"
#include "output/row_writer.hpp"
#include "ui/text.hpp"

#include <utility>

namespace dbengine::app {

namespace {

struct statement_counts {
  std::uint64_t statements = 0;
  std::uint64_t failures = 0;
  std::string warning = {};
};

void show(const script_result& result, const std::string& sql, const context& c, output_stream& out,
          row_writer_source& writers, statement_counts& t) {
  for (const auto& step : result.steps) {
    ++t.statements;
    if (step.failure) {
      ++t.failures;
      out.finish(); // the rows of the previous statements come first
      const std::string text = failure_text(*step.failure, sql, c.err);
      std::fwrite(text.data(), 1, text.size(), stderr);
    } else if (!step.result.columns().empty()) {
      const auto writer = writers.next();
      writer->begin(step.result.columns());
      for (const auto& r : step.result)
        writer->add(r);
      writer->end();
    }
  }
}

int run(context& c) {
  const bool go_on = c.args.has("continue");
  const bool may_be_long = !go_on && c.connect.empty();
  file_chunks from(c.args.text_or("FILE", "-"), c.cancel);
  std::string sql;
  const bool whole = read_text(from, sql, may_be_long ? most_of_short_script : sql.max_size() - 1);
  output_stream standard(stdout);
  row_writer_source writers(c.args.text_or("output", c.config.format), standard, c.out);
  const DbEngine engine = open_engine(c, opening::create);
  const request_view db = requests(engine, c);
  statement_counts t;
  const auto keep = [&t](raw_script_result done) {
    t.statements = done.statements;
    t.warning = std::move(done.warning);
  };
  const auto run_short = [&] {
    if (go_on) {
      show(db.execute_script(sql, script_mode::continue_on_error), sql, c, standard, writers, t);
      return;
    }
    try {
      show(db.execute_script(sql), sql, c, standard, writers, t);
    } catch (const dbengine::error& e) {
      // A script with its own transactions (a dump) needs a raw connection. Nothing has run so far.
      if (e.code() != errc::not_allowed || !c.connect.empty())
        throw;
      keep(run_raw_script(db, sql, writers));
    }
  };
  if (whole)
    pointing_into(sql, db, run_short);
  else
    keep(run_long_script(db, std::move(sql), from, writers));
  standard.finish();
  if (!t.warning.empty())
    c.note("warning: " + t.warning);
  c.note(ui::grouped(t.statements) + (t.statements == 1 ? " statement" : " statements") +
         (t.failures > 0 ? ", " + ui::grouped(t.failures) + " failed" : ""));
  return static_cast<int>(t.failures > 0 ? exit_code::data : exit_code::ok);
}

} // namespace

command script_command(bool remote) {
  command c{.name = "script", .summary = "run a file of statements"};
  c.description =
      "Runs all statements of a file in one transaction: the first failure undoes everything. "
      "With --continue each statement is committed separately and failures are reported. A "
      "script with its own transactions, such as a dump, is run unchanged and stops at the "
      "first failure; what it has committed stays. In such a script foreign keys are enforced "
      "only if it enables them, as in sqlite3, because a dump may create children before their "
      "parents; rows that reference missing rows are counted at the end. A file of more than 64 "
      "MiB is read in pieces: if its first 64 MiB begin no transaction, it is run in one and "
      "may not begin another.";
  c.positionals = {
      {.name = "FILE", .what = value_kind::file, .help = "the script, - for standard input"}};
  c.options = {{.names = "--continue", .help = "continue after statements that fail"},
               output_option(),
               timeout_option()};
  c.examples = {"script app.db schema.sql", "script copy.db - < dump.sql"};
  c.run = run;
  return with_database(std::move(c), remote);
}

} // namespace dbengine::app
