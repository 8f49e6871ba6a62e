// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "serve/serve.hpp"

#include "commands/commands.hpp"
#include "serve/log.hpp"

namespace dbengine::app {

command serve_command() {
  command c{.name = "serve", .summary = "serve databases, their statistics and their health"};
  c.description =
      "Opens databases and serves them until SIGTERM or Ctrl-C; then it refuses new requests, "
      "finishes waiting ones, and closes. Databases come from the command line or from the "
      "section [databases] of the configuration file. With --listen other processes use them by "
      "--connect. With --http it answers /api/stats (JSON), /metrics (Prometheus), /healthz and "
      "/readyz. SIGHUP reads the file again: changes of the log take effect at once, all others "
      "at the next start, and the log says so. Under systemd it reports when it is ready, "
      "reloading and stopping, and feeds the watchdog. The log goes to standard error.";
  c.positionals = {{.name = "DB",
                    .what = value_kind::file,
                    .help = "databases: paths or sqlite:// URLs, instead of those of the file",
                    .required = false,
                    .repeatable = true}};
  c.options = {
      {.names = "--listen",
       .what = value_kind::text,
       .value = "[HOST:]PORT",
       .help =
           "publish a database here for --connect; once for each database, in their order; port 0 chooses a free one",
       .fallback = "the configuration's, else none; HOST 127.0.0.1",
       .repeatable = true},
      {.names = "--read-only", .help = "peers may only read"},
      {.names = "--insecure",
       .help =
           "listen beyond loopback without TLS: every client that reaches the port can use the database or "
           "read the pages"},
      {.names = "--http",
       .what = value_kind::text,
       .value = "[HOST:]PORT",
       .help =
           "serve the HTTP pages here; off for none; port 0 chooses a free one; beyond loopback "
           "with --insecure only",
       .fallback = "the configuration's, else off; HOST 127.0.0.1"},
      {.names = "--log-format",
       .what = value_kind::choice,
       .value = "FORMAT",
       .help = "the format of the log",
       .choices = serve::log_formats(),
       .fallback = "text"},
  };
  c.examples = {"serve app.db --http 9187", "-c /etc/dbengine.toml serve"};
  c.run = serve::run;
  return c;
}

} // namespace dbengine::app
