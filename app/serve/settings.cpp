// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "serve/settings.hpp"

#include "cli/exit_code.hpp"

#include <filesystem>
#include <set>

namespace dbengine::app::serve {

namespace {

// "/var/lib/app.db" -> "app".
std::string name_of(const std::string& url) {
  const auto path = url.substr(0, url.find('?'));
  auto name = std::filesystem::path(path).stem().string();
  return name.empty() || name.starts_with("sqlite:") || name.starts_with(':') ? "memory" : name;
}

std::vector<database_settings> databases_of(const context& c) {
  std::vector<database_settings> found;
  for (const auto& url : c.args.all("DB"))
    found.push_back({.name = name_of(url), .url = url, .engine = {}});
  if (found.empty())
    for (const auto& d : c.config.databases)
      found.push_back({.name = d.name, .url = d.url, .engine = {}});
  if (found.empty())
    throw usage_error("serve: no database: name one, or give -c FILE with a section [databases]");
  std::set<std::string> names;
  for (const auto& d : found)
    if (!names.insert(d.name).second)
      throw usage_error("serve: two databases are called '" + d.name +
                        "': give them names in the section [databases] of a configuration file");
  for (auto& d : found) {
    d.engine = c.config.engine;
    d.engine.backup_dir = backup_folder(c.config, d.url);
  }
  return found;
}

void add_ports(const context& c, std::vector<database_settings>& databases) {
  const auto& file = c.config.serve;
  const auto& given = c.args.all("listen");
  const auto& ports = given.empty() ? file.listen : given;
  if (ports.empty())
    return;
  if (ports.size() != databases.size())
    throw usage_error("serve: " + std::to_string(ports.size()) + " ports for " +
                      std::to_string(databases.size()) +
                      " databases: --listen is given once for each, in their order");
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const auto at = parse_address(ports[i]);
    if (!at) // an address of the file was checked when it was read
      throw usage_error("--listen: '" + ports[i] +
                        "' is not an address such as 127.0.0.1:7000 or 7000");
    databases[i].publish =
        publish_options{.access = c.args.has("read-only") || file.read_only ? access::read_only
                                                                            : access::read_write,
                        .host = at->host,
                        .port = at->port,
                        .tls = {.certificate = c.args.text_or("tls-cert", file.tls_cert),
                                .key = c.args.text_or("tls-key", file.tls_key),
                                .ca = c.args.text_or("tls-ca", file.tls_ca)},
                        .insecure = c.args.has("insecure") || file.insecure,
                        .allow_backup = file.allow_backup,
                        .limits = file.limits};
  }
}

} // namespace

std::string log_level_of(const context& c, const config& file) {
  return c.verbosity > 0 ? "debug" : c.verbosity < 0 ? "warning" : file.serve.log_level;
}

std::string log_format_of(const context& c, const config& file) {
  return c.args.text_or("log-format", file.serve.log_format);
}

settings settings_of(const context& c) {
  settings s{.databases = databases_of(c),
             .http = std::nullopt,
             .log_level = log_level_of(c, c.config),
             .log_format = log_format_of(c, c.config)};
  add_ports(c, s.databases);
  const auto given = c.args.text("http");
  const auto http = given.value_or(c.config.serve.http);
  if (!http.empty() && http != "off") {
    s.http = parse_address(http);
    if (!s.http) // an address of the file was checked when it was read
      throw usage_error("--http: '" + http + "' is not an address such as 127.0.0.1:9187 or 9187");
    if (!s.http->loopback() && !c.args.has("insecure") && !c.config.serve.insecure) {
      const std::string why =
          "'" + http + "' is not loopback: every client that reaches the pages can read ";
      if (given)
        throw usage_error("--http: " + why + "paths and SQL; permit it with --insecure");
      throw config_error(c.config.file.string() + ": 'serve.http' " + why +
                         "paths and SQL; permit it with 'serve.insecure = true'");
    }
  }
  return s;
}

} // namespace dbengine::app::serve
