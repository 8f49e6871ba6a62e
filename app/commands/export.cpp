// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/suggest.hpp"
#include "commands/commands.hpp"
#include "data/import/import.hpp"
#include "data/import/target.hpp"
#include "data/statements/parameters.hpp"
#include "output/output_file.hpp"
#include "output/row_writer.hpp"
#include "ui/progress.hpp"
#include "ui/text.hpp"

namespace dbengine::app {

namespace {

std::string format_of(const context& c, const std::string& file) {
  if (const auto given = c.args.text("format"))
    return *given;
  if (file.ends_with(".json"))
    return "json";
  return file.ends_with(".jsonl") || file.ends_with(".ndjson") ? "jsonl" : "csv";
}

// Selects all columns that can be inserted again: not those that SQLite computes.
std::string table_sql(const request_view& db, const std::string& table) {
  std::string names;
  for (const auto& column : find_table(db, table).value_or(std::vector<target_column>{}))
    names += (names.empty() ? "" : ", ") + quoted_name(column.name);
  return "SELECT " + (names.empty() ? "*" : names) + " FROM " + quoted_name(table);
}

int run(context& c) {
  // export DB -t TABLE FILE, or export DB SQL FILE
  const auto table = c.args.text("table");
  const auto words = c.args.all("WHAT");
  if (words.size() != (table ? 1U : 2U))
    throw usage_error(words.empty() ? "export: FILE is missing"
                      : table       ? "export: -t TABLE or SQL, not both"
                                    : "export: SQL and FILE are needed, or -t TABLE and FILE");
  const std::string& file = words.back();
  const params p = parse_parameters(c.args.all("param"));

  const DbEngine engine = open_engine(c, opening::read_only);
  const request_view db = requests(engine, c);
  const std::string sql = table ? table_sql(db, *table) : words.front();
  pointing_into(sql, db, [&] {
    auto cursor = db.cursor(sql, p);
    rows batch = cursor.next();
    output_file out(file, database_files(database_file(c)));
    const auto writer = make_export_writer(format_of(c, file), out.stream());
    ui::progress bar(c.err, "exporting", 0);
    writer->begin(batch.columns());
    std::uint64_t n = 0;
    for (; !batch.empty(); batch = cursor.next()) {
      for (const auto& r : batch)
        writer->add(r);
      n += batch.size();
      bar.set(n, 0);
    }
    writer->end();
    out.commit();
    bar.finish();
    c.note(ui::grouped(n) + (n == 1 ? " row" : " rows") + " exported");
  });
  return 0;
}

} // namespace

command export_command(bool remote) {
  command c{.name = "export", .summary = "write a table or the rows of a query to a file"};
  c.description =
      "Writes rows to a file that import reads back as the same values. CSV: NULL is an empty field, an empty text a quoted "
      "one, a blob x'0aff'; text that looks like a number is quoted. JSON: a blob is {\"$blob\": base64}, text that is not "
      "UTF-8 {\"$text\": base64} (in CSV t'0aff'), an infinity {\"$real\": \"Inf\"}; without rows it is one record, {\"$columns\": [names]}. The file appears under its name only when it is complete.";
  c.positionals = {{.name = "WHAT",
                    .what = value_kind::file,
                    .help = "the SQL, unless -t is given, and the file (- for standard output)",
                    .required = false,
                    .repeatable = true}};
  c.shape = remote ? "(-t TABLE | SQL) FILE" : "DB (-t TABLE | SQL) FILE";
  c.options = {
      {.names = "-t,--table",
       .what = value_kind::text,
       .value = "TABLE",
       .help = "export this table or view"},
      {.names = "--format",
       .what = value_kind::choice,
       .value = "FORMAT",
       .help = "what to write",
       .choices = {"csv", "json", "jsonl"},
       .fallback = "by the file's name"},
      {.names = "-p,--param",
       .what = value_kind::text,
       .value = "NAME=VALUE",
       .help = "bind a parameter of the SQL",
       .repeatable = true},
      timeout_option(),
  };
  c.examples = {"export app.db -t users users.csv",
                "export app.db 'SELECT name FROM users' names.jsonl"};
  c.run = run;
  return with_database(std::move(c), remote);
}

} // namespace dbengine::app
