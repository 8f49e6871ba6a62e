// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "demo/demo.hpp"

#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "commands/commands.hpp"

namespace dbengine::app {

namespace {

int run(context& c) {
  needs_files(c, "demo");
  demo::settings s;
  if (const auto file = c.args.text("database"))
    s.database = *file;
  if (const auto file = c.args.text("input"))
    s.input = *file;
  s.limit = c.args.number("limit", 1).value_or(0);
  s.out = c.out;
  s.err = c.err;
  s.cancel = c.cancel;
  try {
    return static_cast<int>(demo::run(s) ? exit_code::ok : exit_code::check_failed);
  } catch (const std::invalid_argument& e) {
    throw usage_error(std::string("--database: ") + e.what());
  }
}

} // namespace

command demo_command() {
  command c{.name = "demo", .summary = "load Debian's package index and check every answer"};
  c.description =
      "Reads the package index of this machine (apt-cache dumpavail), loads it with eight "
      "threads through one engine while four threads run queries, and compares counts and five "
      "answers with SQLite's own. The exit code is 0 only if all agree.";
  c.options = {
      {.names = "--database",
       .what = value_kind::file,
       .value = "FILE",
       .help = "create the database here and keep it"},
      {.names = "--input",
       .what = value_kind::file,
       .value = "FILE",
       .help = "read this file instead of running apt-cache"},
      {.names = "--limit",
       .what = value_kind::number,
       .value = "N",
       .help = "load at most this many packages"},
  };
  c.examples = {"demo", "demo --limit 1000 --database packages.db"};
  c.run = run;
  return c;
}

} // namespace dbengine::app
