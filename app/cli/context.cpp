// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cli/context.hpp"

#include "cli/duration.hpp"
#include "cli/exit_code.hpp"

#include <cstdio>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <system_error>

#include <unistd.h>

namespace dbengine::app {

namespace {

using namespace std::chrono_literals;

// A person at a terminal waits as long as it takes, and has Ctrl-C.
constexpr std::chrono::milliseconds no_deadline = 24h * 365;

std::optional<std::chrono::milliseconds> timeout_of(const context& c) {
  const auto given = c.args.text("timeout");
  if (!given)
    return std::nullopt;
  const auto parsed = parse_duration(*given);
  if (!parsed)
    throw usage_error("--timeout: '" + *given + "' is no duration such as 5s, 250ms or 2m");
  return *parsed;
}

DbEngine connect(const context& c, opening how) {
  remote_options o;
  o.read_only = how == opening::read_only || c.config.engine.read_only;
  o.tls = {c.args.text_or("tls-cert", ""), c.args.text_or("tls-key", ""),
           c.args.text_or("tls-ca", "")};
  if (!o.tls.empty() && (o.tls.certificate.empty() || o.tls.key.empty() || o.tls.ca.empty()))
    throw usage_error("TLS needs all three: --tls-cert, --tls-key and --tls-ca");
  o.tls_name = c.args.text("tls-name");
  return DbEngine::connect(c.connect, o);
}

} // namespace

void context::note(const std::string& line) const {
  if (verbosity >= 0)
    std::fprintf(stderr, "%s\n", line.c_str());
}

std::string database_path(const context& c) {
  static constexpr std::string_view scheme = "sqlite://";
  std::string path = c.args.text_or("DB", "");
  if (path.starts_with(scheme)) {
    path.erase(0, scheme.size());
    if (path.starts_with('/'))
      path.erase(0, 1);
  }
  return path.starts_with(':') || path.starts_with("file:") ? std::string() : path;
}

void needs_files(const context& c, const char* command) {
  if (!c.connect.empty())
    throw usage_error(std::string(command) + " works on files: it does not go with --connect");
}

DbEngine open_engine(const context& c, opening how) {
  if (!c.connect.empty())
    return connect(c, how);
  const std::string database = c.args.text_or("DB", "");
  const std::string path = database_path(c);
  std::error_code ignored; // a path that cannot be looked at is reported by the engine
  if (how != opening::create && !path.empty() && !std::filesystem::exists(path, ignored))
    throw dbengine::error(errc::cannot_open, "there is no database '" + database + "'");
  auto options = c.config.engine;
  // Of a memory database there is nothing to be read only.
  if (how == opening::read_only && !path.empty())
    options.read_only = true;
  // Opening waits for other programs' locks, too, and as long as the command may.
  if (const auto timeout = timeout_of(c))
    options.busy_timeout = *timeout;
  // A command is no server: it makes no periodic backups.
  options.backup_enabled = false;
  // Whoever presses Ctrl-C while another program's lock is waited for need not wait with it: nothing is done yet.
  const std::stop_callback at_once(c.cancel,
                                   [] { ::_exit(static_cast<int>(exit_code::interrupted)); });
  return DbEngine(database, std::move(options));
}

request_view requests(const DbEngine& engine, const context& c) {
  return engine.with_timeout(timeout_of(c).value_or(no_deadline)).with_cancel(c.cancel);
}

} // namespace dbengine::app
