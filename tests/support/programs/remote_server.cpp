// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An engine published at a port:
//
//   remote_server URL [--port=N] [--host=H] [--read-only] [--insecure] [--tls=FOLDER]
//       [--connections=N] [--half-open=N] [--total-bytes=N] [--buffered=N] [--in-flight=N]
//       [--allow-backup] [--mutant=NAME]
//
// Prints "port N" or "failed: why". Then answers each line on standard input: "cursors" with the
// number of open cursors, "stats" with requests and errors. Shuts down cleanly at the end of the
// input.

#include "base/fault.hpp"
#include "system/engine_handle.hpp"

#include <dbengine/actors/publish.hpp>
#include <dbengine/actors/spawn.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

namespace {

using arguments = std::map<std::string, std::string>;

struct config : caf::actor_system_config {
  config() {
    load<caf::io::middleman>();
    set("scheduler.policy", caf::atom("sharing"));
    dbengine::actors::setup(*this);
  }
};

int serve(caf::actor_system& system, const std::string& url, arguments& args) {
#ifdef DBENGINE_FAULTS
  if (args.count("mutant"))
    dbengine::base::fault::set_mutant(args["mutant"]);
#endif
  dbengine::engine_actor engine;
  try {
    dbengine::options o{.num_workers = 2};
    // Beside the database, which is in a folder of the test.
    if (const std::string_view file = url; file.starts_with("sqlite:///"))
      o.backup_dir = std::filesystem::path(file.substr(10)).parent_path() / "backups";
    engine = dbengine::actors::spawn_engine(system, url, o);
  } catch (const dbengine::error& e) {
    std::printf("failed: %s\n", e.what());
    std::fflush(stdout);
    return 1;
  }
  dbengine::publish_options how;
  if (args.count("read-only"))
    how.access = dbengine::access::read_only;
  if (args.count("host"))
    how.host = args["host"];
  if (args.count("port"))
    how.port = static_cast<std::uint16_t>(std::stoi(args["port"]));
  how.allow_backup = args.count("allow-backup") != 0;
  how.insecure = args.count("insecure") != 0;
  if (args.count("tls"))
    how.tls = {args["tls"] + "/server.crt", args["tls"] + "/server.key", args["tls"] + "/ca.crt"};
  const auto number = [&](const char* name, std::size_t& to) {
    if (args.count(name))
      to = std::stoull(args[name]);
  };
  number("connections", how.limits.max_connections);
  number("half-open", how.limits.max_half_open);
  number("in-flight", how.limits.max_in_flight_requests);
  number("total-bytes", how.limits.max_total_bytes);
  number("buffered", how.limits.max_buffered_bytes);
  const auto port = dbengine::actors::publish(system, engine, how);
  if (port)
    std::printf("port %u\n", unsigned{*port});
  else
    std::printf("failed: %s\n", system.render(port.error()).c_str());
  std::fflush(stdout);
  for (std::string line; port && std::getline(std::cin, line);) {
    auto& root = dbengine::actors::system::engine_handle::of(engine)->engine();
    if (line == "cursors")
      std::printf("%zu\n", root.cursors()->size());
    else
      std::printf("unknown\n");
    std::fflush(stdout);
  }
  dbengine::actors::shutdown(system, engine);
  return port ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  arguments args;
  for (int i = 2; i < argc; ++i) {
    const std::string arg = argv[i];
    const auto equals = arg.find('=');
    args[arg.substr(2, equals - 2)] = equals == std::string::npos ? "" : arg.substr(equals + 1);
  }
  if (argc < 2)
    return 2;
  config cfg;
  caf::actor_system system{cfg};
  return serve(system, argv[1], args);
}
