// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The configuration file: TOML, every key known, every value checked.
#pragma once

#include <dbengine/options.hpp>
#include <dbengine/remote.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace dbengine::app {

/// [serve]: settings that only the server uses.
struct serve_config {
  std::string http = "off";
  /// A port per database, in the order of the databases; empty if none is published.
  std::vector<std::string> listen = {};
  /// Remote clients may only read.
  bool read_only = false;
  std::string tls_cert = {}, tls_key = {}, tls_ca = {};
  /// Permits addresses other than loopback without TLS.
  bool insecure = false;
  /// Remote clients may request backups.
  bool allow_backup = false;
  /// What each port permits its clients.
  peer_limits limits = {};
  std::string log_level = "info";
  std::string log_format = "text";
};

/// An entry of [databases].
struct served_config {
  std::string name;
  std::string url;
  friend bool operator==(const served_config&, const served_config&) = default;
};

struct config {
  /// The file that was read; empty if there is none.
  std::filesystem::path file = {};
  /// Two readers, not one: a long read of one client must not delay all others.
  dbengine::options engine = {.num_workers = 2};
  /// [output]
  std::string format = "table";
  std::string color = "auto";
  serve_config serve = {};
  std::vector<served_config> databases = {};
};

/// The folder for the backups of a database of this configuration. With several databases, each has
/// a folder with its name in [databases] inside `backup.dir`. Otherwise the oldest backup of one
/// could be deleted for the newest of another, and one could wait for another's backup. A single
/// database, or one that is not in [databases], uses `backup.dir` itself. `url`: a path or URL, in
/// any spelling that leads to the file.
std::filesystem::path backup_folder(const config& c, const std::string& url);

/// Reads a file.
/// Errors: `config_error` with all problems, one line each, as file:line:column: message. For an
/// unknown key the message includes the nearest known one.
config read_config(const std::filesystem::path& file);
/// The same for a text in memory; `file` is its name in messages.
config parse_config(const std::string& text, const std::filesystem::path& file);

/// The whole configuration as TOML. `read_config` reads it back unchanged.
std::string to_toml(const config& c);

/// The keys that differ: "section.key", and "databases" as a whole.
std::vector<std::string> differing_keys(const config& a, const config& b);

} // namespace dbengine::app
