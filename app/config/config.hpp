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

/// [serve]: what only the server looks at.
struct serve_config {
  std::string http = "off";
  /// A port per database, in their order; empty for none.
  std::vector<std::string> listen = {};
  /// Peers may only read.
  bool read_only = false;
  std::string tls_cert = {}, tls_key = {}, tls_ca = {};
  /// Addresses other than loopback without TLS.
  bool insecure = false;
  /// Peers may ask for backups.
  bool allow_backup = false;
  /// What each port grants to its peers.
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
  /// The file it came from, empty where none was given.
  std::filesystem::path file = {};
  /// Two readers, not one: a long read of one peer must not keep all others waiting.
  dbengine::options engine = {.num_workers = 2};
  /// [output]
  std::string format = "table";
  std::string color = "auto";
  serve_config serve = {};
  std::vector<served_config> databases = {};
};

/// Where the backups of a database of this configuration are. Several databases have a folder each, of the name in [databases]
/// inside `backup.dir`: the oldest of one must not make way for the newest of another, nor one wait for another's. One alone, or
/// one that is not in [databases], has `backup.dir` itself. `url`: a path or URL, in any spelling that leads to the file.
std::filesystem::path backup_folder(const config& c, const std::string& url);

/// Reads a file. Throws `config_error` with all that is wrong with it, one line each, as file:line:column: message; an
/// unknown key comes with the nearest known one.
config read_config(const std::filesystem::path& file);
/// The same of a text that is already read; `file` is what messages call it.
config parse_config(const std::string& text, const std::filesystem::path& file);

/// The whole configuration as TOML that `read_config` reads as the same.
std::string to_toml(const config& c);

/// What differs: "section.key", and "databases" as a whole.
std::vector<std::string> differing_keys(const config& a, const config& b);

} // namespace dbengine::app
