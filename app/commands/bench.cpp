// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// bench: measures the engine on this machine and recommends settings.

#include "bench_command/bench_command.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "commands/commands.hpp"

#include <charconv>

namespace dbengine::app {

namespace {

std::size_t whole_number(const std::string& text, const char* option) {
  std::size_t n = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failure != std::errc() || end != text.data() + text.size() || n == 0)
    throw usage_error(std::string(option) + ": '" + text + "' is not an integer of at least 1");
  return n;
}

int run(context& c) {
  needs_files(c, "bench");
  bench_settings s;
  s.tests = c.args.all("tests");
  s.operations = c.args.number("operations", 10).value_or(s.operations);
  if (const auto workers = c.args.number("workers", 1)) {
    if (*workers > defaults::max_num_workers)
      throw usage_error("--workers: at most " + std::to_string(defaults::max_num_workers));
    s.workers = static_cast<int>(*workers);
  }
  if (c.args.has("batch-sizes")) {
    s.batch_sizes.clear();
    for (const auto& text : c.args.all("batch-sizes"))
      s.batch_sizes.push_back(whole_number(text, "--batch-sizes"));
  }
  s.backup_enabled = c.args.has("backup-enabled");
  s.json = c.args.text_or("json", "");
  s.directory = c.args.text_or("dir", "");
  s.cancel = c.cancel;
  s.progress = [&c](const std::string& line) { c.note(line); };
  return run_bench(s);
}

} // namespace

command bench_command() {
  command c{.name = "bench",
            .summary = "measure the engine on this machine and recommend settings"};
  c.description =
      "Runs the tests on new databases in a folder that is removed afterwards. Reports "
      "throughput, p50 and p99, memory growth, the scaling of reads over workers and threads, "
      "and recommendations: the best batch size, the number of workers, the limiting factor. "
      "Findings go to standard output, progress to standard error. Without --tests all tests "
      "run, backup only with --backup-enabled.";
  c.options = {
      {.names = "--tests",
       .what = value_kind::choice,
       .value = "TEST...",
       .help = "run these tests only",
       .choices = bench_tests(),
       .fallback = "all",
       .repeatable = true,
       .several = true},
      {.names = "--operations",
       .what = value_kind::number,
       .value = "N",
       .help = "operations per measurement",
       .fallback = "1000"},
      {.names = "--workers",
       .what = value_kind::number,
       .value = "N",
       .help = "reader actors of the engines under test",
       .fallback = "1"},
      {.names = "--batch-sizes",
       .what = value_kind::number,
       .value = "N...",
       .help = "rows per transaction in the bulk test",
       .fallback = "10 50 100 500 1000",
       .repeatable = true,
       .several = true},
      {.names = "--backup-enabled", .help = "engines make periodic backups; run the backup test"},
      {.names = "--json",
       .what = value_kind::file,
       .value = "FILE",
       .help = "also write the findings to this file, as JSON"},
      {.names = "--dir",
       .what = value_kind::folder,
       .value = "DIR",
       .help = "create the databases below it: choose the file system that you will use",
       .fallback = "the system's folder for temporary files"},
  };
  c.examples = {"bench", "bench --tests single bulk select scaling",
                "bench --tests backup --backup-enabled",
                "bench --operations 2000 --workers 2 --batch-sizes 100 500 1000 --json bench.json"};
  c.run = run;
  return c;
}

} // namespace dbengine::app
