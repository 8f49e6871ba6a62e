// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The configuration file: TOML, every key known, every value checked.
#pragma once

#include <dbengine/options.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace dbengine::app {

struct config {
  /// The file it came from, empty where none was given.
  std::filesystem::path file = {};
  dbengine::options engine = {};
  /// [output]
  std::string format = "table";
  std::string color = "auto";
};

/// Reads a file. Throws `config_error` with all that is wrong with it, one line each, as file:line:column: message; an
/// unknown key comes with the nearest known one.
config read_config(const std::filesystem::path& file);

/// The whole configuration as TOML that `read_config` reads as the same.
std::string to_toml(const config& c);

} // namespace dbengine::app
