// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "output/stats_json.hpp"

#include "cli/context.hpp"
#include "cli/duration.hpp"
#include "cli/exit_code.hpp"
#include "commands/commands.hpp"
#include "output/output_stream.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace dbengine::app {

namespace {

// Returns false if a stop is requested.
bool pause(std::chrono::milliseconds time, const std::stop_token& cancel) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, cancel, time, [] { return false; });
  return !cancel.stop_requested();
}

int run(context& c) {
  std::optional<std::chrono::milliseconds> watch;
  if (const auto given = c.args.text("watch")) {
    watch = parse_duration(*given);
    if (!watch || *watch < std::chrono::milliseconds(100))
      throw usage_error("--watch: '" + *given + "' is not a duration of at least 100ms");
  }
  const bool json = c.args.text_or("output", "table") == "json";
  const DbEngine engine = open_engine(c, opening::read_only);
  output_stream standard(stdout);
  bool first = true;
  do {
    if (watch && c.out.interactive)
      standard.write_styled("\x1b[H\x1b[2J");
    else if (!std::exchange(first, false) && !json)
      standard.write("\n");
    if (json)
      standard.write(stats_json(engine.get_stats(), engine.health(), engine.database_info()) +
                     "\n");
    else
      standard.write_styled(
          stats_tables(engine.get_stats(), engine.health(), engine.database_info(), c.out));
    standard.finish();
  } while (watch && pause(*watch, c.cancel));
  if (watch && c.out.interactive) { // after the ^C that the terminal shows
    standard.write("\n");
    standard.finish();
  }
  return 0;
}

} // namespace

command stats_command(bool remote) {
  command c{.name = "stats", .summary = "show an engine's counters, its health and its file"};
  c.description =
      "With --connect, those of the served engine; for a file, those of an engine opened for "
      "this command.";
  c.options = {{.names = "--watch",
                .what = value_kind::duration,
                .value = "TIME",
                .help = "show them repeatedly until Ctrl-C"},
               {.names = "-o,--output",
                .what = value_kind::choice,
                .value = "FORMAT",
                .help = "the output format",
                .choices = {"table", "json"},
                .fallback = "table"}};
  c.run = run;
  return with_database(std::move(c), remote);
}

} // namespace dbengine::app
