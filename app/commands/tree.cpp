// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "commands/commands.hpp"

#include "output/row_writer.hpp"

namespace dbengine::app {

command with_database(command c, bool remote) {
  if (!remote)
    c.positionals.insert(
        c.positionals.begin(),
        {.name = "DB", .what = value_kind::file, .help = "database: a path or a sqlite:// URL"});
  return c;
}

option_spec output_option() {
  return {.names = "-o,--output",
          .what = value_kind::choice,
          .value = "FORMAT",
          .help = "the format of rows",
          .choices = format_names(),
          .fallback = "table, or the configuration's"};
}

option_spec timeout_option() {
  return {.names = "--timeout",
          .what = value_kind::duration,
          .value = "TIME",
          .help = "give up after this time, such as 5s, 250ms or 2m",
          .fallback = "none"};
}

command make_tree(bool remote) {
  command tree{.name = "dbengine", .summary = "an SQLite engine built of actors"};
  tree.description =
      "Works with SQLite databases through the dbengine engine: one writer, many readers, grouped commits, "
      "online backups. Data goes to standard output; progress, counts and errors go to standard error.";
  tree.options = {
      {.names = "-c,--config",
       .what = value_kind::file,
       .value = "FILE",
       .help = "read options from a TOML file"},
      {.names = "--connect",
       .what = value_kind::text,
       .value = "HOST:PORT",
       .help = "use the engine that a server publishes there, instead of DB"},
      {.names = "--tls-cert",
       .what = value_kind::file,
       .value = "FILE",
       .help = "the client's certificate (PEM), if the server uses TLS"},
      {.names = "--tls-key",
       .what = value_kind::file,
       .value = "FILE",
       .help = "the certificate's key (PEM)"},
      {.names = "--tls-ca",
       .what = value_kind::file,
       .value = "FILE",
       .help = "the authority that signed the server's certificate (PEM)"},
      {.names = "--tls-name",
       .what = value_kind::text,
       .value = "NAME",
       .help = "the name or address in the server's certificate, if it is not HOST; empty: any"},
      {.names = "--color",
       .what = value_kind::choice,
       .value = "WHEN",
       .help = "use colours",
       .choices = {"auto", "always", "never"},
       .fallback = "auto"},
      {.names = "-q,--quiet", .help = "no progress bars and counts"},
      {.names = "-v,--verbose", .help = "write more to standard error"},
      {.names = "--version", .help = "show the version"},
  };
  tree.commands = {
      demo_command(),         shell_command(remote),  query_command(remote), script_command(remote),
      import_command(remote), export_command(remote), dump_command(remote),  schema_command(remote),
      check_command(remote),  vacuum_command(remote), stats_command(remote), backup_command(remote),
      restore_command(),      serve_command(),        bench_command(),       config_command(),
      completion_command(),   man_command(),          version_command()};
  return tree;
}

} // namespace dbengine::app
