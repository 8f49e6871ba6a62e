// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/import.hpp"

#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "commands/commands.hpp"
#include "ui/progress.hpp"
#include "ui/text.hpp"

namespace dbengine::app {

namespace {

/// Bad rows that are shown one by one; all are counted.
constexpr std::uint64_t shown_bad = 100;

import_settings settings_of(const context& c, const std::string& file) {
  import_settings s;
  s.table = c.args.text_or("table", "");
  const bool lines = file.ends_with(".jsonl") || file.ends_with(".ndjson");
  const auto format = c.args.text_or("format", lines ? "jsonl" : "csv");
  s.format = format == "jsonl" ? import_format::jsonl : import_format::csv;
  s.guess_types = c.args.text_or("types", "auto") == "auto";
  s.header = !c.args.has("no-header");
  s.batch = c.args.number("batch", 1).value_or(s.batch);
  s.skip_bad = c.args.text_or("on-error", "stop") == "skip";
  const auto separator = c.args.text_or("separator", ",");
  if (separator == "tab" || separator == "\\t")
    s.separator = '\t';
  else if (separator.size() == 1 && separator != "\"" && separator != "\n" && separator != "\r")
    s.separator = separator[0];
  else
    throw usage_error("--separator: '" + separator + "' is not one character, or 'tab'");
  return s;
}

std::string counted(std::uint64_t n, const std::string& what) {
  return ui::grouped(n) + " " + what + (n == 1 ? "" : "s");
}

// How it went.
void tell(const context& c, const import_settings& s, const import_result& result,
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
  c.note(line);
}

int run(context& c) {
  const std::string file = c.args.text_or("FILE", "-");
  const import_settings s = settings_of(c, file);
  file_chunks input(file, c.cancel);
  const auto head = input.head();

  const DbEngine engine = open_engine(c, opening::create);
  const request_view db = requests(engine, c).with_priority(priority::batch);
  ui::progress bar(c.err, "importing", input.size(), ui::unit::bytes);
  std::uint64_t reported = 0;
  const auto report = [&](std::uint64_t line, const std::string& why) {
    if (reported++ < shown_bad) {
      bar.clear();
      std::fprintf(stderr, "%s:%llu: %s\n", input.name().c_str(),
                   static_cast<unsigned long long>(line), ui::visible(why).c_str());
    }
  };
  import_result result;
  const auto start = std::chrono::steady_clock::now();
  const auto end = [&] {
    bar.finish();
    if (reported > shown_bad)
      std::fprintf(stderr, "%s: %s more\n", input.name().c_str(),
                   counted(reported - shown_bad, "bad row").c_str());
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
  tell(c, s, result, std::chrono::steady_clock::now() - start);
  return static_cast<int>(result.stopped ? exit_code::data : exit_code::ok);
}

} // namespace

command import_command(bool remote) {
  command c{.name = "import", .summary = "load CSV or JSON lines into a table"};
  c.description =
      "Loads a file into a table and makes the table where there is none. CSV is read after RFC 4180 (quotes, line ends in "
      "fields, CRLF, byte order mark); the first line names the columns. An empty field is NULL, an empty one in quotes an "
      "empty text. With --types auto an unquoted field that is a number becomes one, x'0aff' a blob; quoted fields are text. "
      "With --types text every field that is not empty is text, digit by digit. Bad rows are reported with their line; with --on-error stop everything before the first one is imported, and the exit code is 1. A row is bad, too, "
      "where a value would lose digits in its column, or where text such as 007 would become a number in a table made here.";
  c.positionals = {{.name = "FILE", .what = takes::file, .help = "the file, - for standard input"}};
  c.options = {
      {.names = "-t,--table",
       .what = takes::text,
       .value = "TABLE",
       .help = "the table to fill",
       .required = true},
      {.names = "--format",
       .what = takes::choice,
       .value = "FORMAT",
       .help = "what the file holds",
       .choices = {"csv", "jsonl"},
       .fallback = "by the file's name"},
      {.names = "--types",
       .what = takes::choice,
       .value = "HOW",
       .help = "guess types, or take all as text",
       .choices = {"auto", "text"},
       .fallback = "auto"},
      {.names = "--batch",
       .what = takes::number,
       .value = "N",
       .help = "rows of one transaction",
       .fallback = "5000"},
      {.names = "--on-error",
       .what = takes::choice,
       .value = "WHAT",
       .help = "what to do with a bad row",
       .choices = {"stop", "skip"},
       .fallback = "stop"},
      {.names = "--separator",
       .what = takes::text,
       .value = "CHAR",
       .help = "between CSV fields",
       .fallback = ","},
      {.names = "--no-header", .help = "the first CSV line is a row"},
      timeout_option(),
  };
  c.examples = {"import app.db people.csv -t people",
                "import app.db - -t log --format jsonl --on-error skip < log.jsonl"};
  c.run = run;
  return with_database(std::move(c), remote);
}

} // namespace dbengine::app
