// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cli/context.hpp"

#include "cli/duration.hpp"
#include "cli/exit_code.hpp"
#include "output/encode.hpp"
#include "output/output_file.hpp"
#include "ui/text.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <system_error>

#include <unistd.h>

namespace dbengine::app {

namespace {

using namespace std::chrono_literals;

// A user at a terminal may wait for any length of time, and can press Ctrl-C.
constexpr std::chrono::milliseconds no_deadline = 24h * 365;

std::optional<std::chrono::milliseconds> timeout_of(const context& c) {
  const auto given = c.args.text("timeout");
  if (!given)
    return std::nullopt;
  const auto parsed = parse_duration(*given);
  if (!parsed)
    throw usage_error("--timeout: '" + *given + "' is not a duration such as 5s, 250ms or 2m");
  return *parsed;
}

std::string without_scheme(std::string path) {
  static constexpr std::string_view scheme = "sqlite://";
  if (path.starts_with(scheme)) {
    path.erase(0, scheme.size());
    if (path.starts_with('/'))
      path.erase(0, 1);
  }
  return path;
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
    std::fprintf(stderr, "%s\n", ui::visible_lines(line).c_str());
}

std::string database_path(const context& c) {
  std::string path = without_scheme(c.args.text_or("DB", ""));
  return path.starts_with(':') || path.starts_with("file:") ? std::string() : path;
}

std::filesystem::path file_of_database(const std::string& database) {
  static constexpr std::string_view uri = "file:";
  const auto named = without_scheme(database);
  if (!named.starts_with(uri))
    return named.starts_with(':') ? std::string() : named;
  const auto end = std::min(named.find('?'), named.size());
  std::size_t at = uri.size();
  if (named.compare(at, 2, "//") == 0) // the local machine's name, or none, precedes the path
    at = std::min(named.find('/', at + 2), end);
  std::string path;
  for (; at < end; ++at) {
    const auto byte = named[at] == '%' ? from_hex(named.substr(at + 1, 2)) : std::nullopt;
    if (byte && byte->size() == 1)
      at += 2;
    path += byte && byte->size() == 1 ? (*byte)[0] : named[at];
  }
  return path;
}

std::filesystem::path database_file(const context& c) {
  return c.connect.empty() ? file_of_database(c.args.text_or("DB", "")) : std::filesystem::path();
}

std::filesystem::path folder_of_backups(const context& c) {
  if (const auto dir = c.args.text("dir"))
    return *dir;
  return backup_folder(c.config, c.args.text_or("DB", ""));
}

void needs_files(const context& c, const char* command) {
  if (!c.connect.empty())
    throw usage_error(std::string(command) +
                      " works on files and cannot be combined with --connect");
}

DbEngine open_engine(const context& c, opening how) {
  if (!c.connect.empty())
    return connect(c, how);
  const std::string database = c.args.text_or("DB", "");
  const std::string path = database_path(c);
  std::error_code ignored; // the engine reports a path that cannot be examined
  if (how != opening::create && !path.empty() && !std::filesystem::exists(path, ignored))
    throw dbengine::error(errc::cannot_open, "there is no database '" + database + "'");
  refuse_standard_streams_of(database_files(database_file(c)));
  auto options = c.config.engine;
  options.backup_dir = folder_of_backups(c);
  // A memory database cannot be opened read-only.
  if (how == opening::read_only && !path.empty())
    options.read_only = true;
  // Opening also waits for other programs' locks, for at most the command's timeout.
  if (const auto timeout = timeout_of(c))
    options.busy_timeout = *timeout;
  // A command is not a server: it makes no periodic backups.
  options.backup_enabled = false;
  // Ctrl-C during a wait for another program's lock ends the program at once: no work has been done
  // yet.
  const std::stop_callback at_once(c.cancel,
                                   [] { ::_exit(static_cast<int>(exit_code::interrupted)); });
  return DbEngine(database, std::move(options));
}

request_view requests(const DbEngine& engine, const context& c) {
  return engine.with_timeout(timeout_of(c).value_or(no_deadline)).with_cancel(c.cancel);
}

} // namespace dbengine::app
