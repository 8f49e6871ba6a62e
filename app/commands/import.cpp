// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/import/import.hpp"

#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "commands/commands.hpp"
#include "data/import/input_kind.hpp"
#include "ui/progress.hpp"
#include "ui/text.hpp"

namespace dbengine::app {

namespace {

/// The number of rejected rows that are shown one by one; all are counted.
constexpr std::uint64_t shown_bad = 100;

std::optional<char> separator_of(const context& c) {
  const auto given = c.args.text("separator");
  if (!given)
    return std::nullopt;
  if (*given == "tab" || *given == "\\t")
    return '\t';
  if (given->size() != 1 || *given == "\"" || *given == "\n" || *given == "\r")
    throw usage_error("--separator: '" + *given + "' is not a single character or 'tab'");
  return given->front();
}

import_format format_of(const context& c, const std::string& file, std::string_view head) {
  const auto given = c.args.text("format");
  if (!given)
    return format_of_input(file, head);
  return *given == "csv"    ? import_format::csv
         : *given == "json" ? import_format::json
                            : import_format::jsonl;
}

// All settings except the format, which may depend on the input.
import_settings settings_of(const context& c) {
  import_settings s;
  s.table = c.args.text_or("table", "");
  s.guess_types = c.args.text_or("types", "auto") == "auto";
  s.empty_is_text = c.args.text_or("empty", "null") == "text";
  s.header = !c.args.has("no-header");
  s.batch = c.args.number("batch", 1).value_or(s.batch);
  s.skip_bad = c.args.text_or("on-error", "stop") == "skip";
  s.separator = separator_of(c);
  return s;
}

std::string counted(std::uint64_t n, const std::string& what) {
  return ui::grouped(n) + " " + what + (n == 1 ? "" : "s");
}

// Reports the result.
void report_result(const context& c, const import_settings& s, const import_result& result,
                   std::chrono::nanoseconds time) {
  const double seconds = std::chrono::duration<double>(time).count();
  std::string line = counted(result.imported, "row") + " imported into " + ui::visible(s.table) +
                     " in " + ui::duration_text(time);
  if (seconds > 0 && result.imported > 0)
    line +=
        " (" +
        ui::grouped(static_cast<std::uint64_t>(static_cast<double>(result.imported) / seconds)) +
        "/s)";
  if (result.stopped)
    line += ", stopped at a bad row";
  else if (result.bad > 0)
    line += ", " + counted(result.bad, "bad row") + " skipped";
  if (result.ignored > 0)
    line += ", " + counted(result.ignored, "row") + " ignored by the table";
  c.note(line);
}

int run(context& c) {
  const std::string file = c.args.text_or("FILE", "-");
  import_settings s = settings_of(c); // reports a mistake in the options before waiting for the
                                      // input
  file_chunks input(file, c.cancel);
  const auto head = input.head();
  refuse_foreign_input(head); // before it creates a database
  s.format = format_of(c, file, head);

  const DbEngine engine = open_engine(c, opening::create);
  const request_view db = requests(engine, c).with_priority(priority::background);
  ui::progress bar(c.err, "importing", input.size(), ui::unit::bytes);
  std::uint64_t reported = 0;
  const auto report = [&](std::uint64_t line, const std::string& why) {
    if (reported++ < shown_bad) {
      bar.clear();
      std::fprintf(stderr, "%s:%llu: %s\n", ui::visible(input.name()).c_str(),
                   static_cast<unsigned long long>(line), ui::visible(why).c_str());
    }
  };
  import_result result;
  const auto start = std::chrono::steady_clock::now();
  const auto end = [&] {
    bar.finish();
    if (reported > shown_bad)
      std::fprintf(stderr, "%s: %s more\n", ui::visible(input.name()).c_str(),
                   ui::grouped(reported - shown_bad).c_str());
  };
  try {
    import_rows(db, head, input.head_is_all(), input, s, report, result,
                [&] { bar.set(input.given(), input.size()); });
  } catch (...) {
    end();
    if (result.imported > 0)
      c.note(counted(result.imported, "row") + " imported into " + ui::visible(s.table) +
             " before it failed");
    throw;
  }
  end();
  report_result(c, s, result, std::chrono::steady_clock::now() - start);
  return static_cast<int>(result.stopped ? exit_code::data : exit_code::ok);
}

std::vector<option_spec> import_options() {
  return {
      {.names = "-t,--table",
       .what = value_kind::text,
       .value = "TABLE",
       .help = "the table to fill",
       .required = true},
      {.names = "--format",
       .what = value_kind::choice,
       .value = "FORMAT",
       .help = "the format of the file",
       .choices = {"csv", "json", "jsonl"},
       .fallback = "by the file's name and beginning"},
      {.names = "--types",
       .what = value_kind::choice,
       .value = "HOW",
       .help = "guess types, or treat everything as text",
       .choices = {"auto", "text"},
       .fallback = "auto"},
      {.names = "--empty",
       .what = value_kind::choice,
       .value = "WHAT",
       .help = "the meaning of an empty CSV field",
       .choices = {"null", "text"},
       .fallback = "null"},
      {.names = "--batch",
       .what = value_kind::number,
       .value = "N",
       .help = "rows per transaction",
       .fallback = "5000"},
      {.names = "--on-error",
       .what = value_kind::choice,
       .value = "WHAT",
       .help = "what to do with a bad row",
       .choices = {"stop", "skip"},
       .fallback = "stop"},
      {.names = "--separator",
       .what = value_kind::text,
       .value = "CHAR",
       .help = "the separator of CSV fields",
       .fallback = "the one named by sep=, or a comma"},
      {.names = "--no-header", .help = "the first CSV line is a row, not a header"},
      timeout_option(),
  };
}

} // namespace

command import_command(bool remote) {
  command c{.name = "import", .summary = "load CSV or JSON into a table"};
  c.description =
      "Loads a file into a table and creates the table if it does not exist. CSV is read as in "
      "RFC 4180 (quotes, line ends in fields, CRLF or CR, byte order mark, a first line such as "
      "sep=;); the first line names the columns. An empty field is NULL, or with --empty text "
      "an empty text; an empty field in quotes always is an empty text. With --types auto an "
      "unquoted field that is a number becomes one, x'0aff' a blob, t'0aff' text that is not "
      "UTF-8; quoted fields are text. With --types text every field that is not empty becomes "
      "text, unchanged, and so does every number in JSON. JSON is an array of objects, or an "
      "object in each line. Bad rows are reported with their line; with --on-error stop the "
      "rows before the first bad one are imported, and the exit code is 1. A row is also bad if "
      "a value would lose digits in its column, if it is not UTF-8, or if text such as 007 "
      "would become a number in a table created by the import. Rows that a trigger or a "
      "conflict clause of the table ignores are reported and counted separately.";
  c.positionals = {
      {.name = "FILE", .what = value_kind::file, .help = "the file, - for standard input"}};
  c.options = import_options();
  c.examples = {"import app.db people.csv -t people",
                "import app.db - -t log --format jsonl --on-error skip < log.jsonl"};
  c.run = run;
  return with_database(std::move(c), remote);
}

} // namespace dbengine::app
