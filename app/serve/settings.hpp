// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The settings of a server, combined from the command line and the file.
#pragma once

#include "cli/context.hpp"
#include "serve/address.hpp"

#include <dbengine/remote.hpp>

#include <optional>
#include <string>
#include <vector>

namespace dbengine::app::serve {

struct database_settings {
  std::string name;
  /// A path or URL.
  std::string url;
  dbengine::options engine;
  /// How the database is published.
  std::optional<publish_options> publish = std::nullopt;
};

struct settings {
  std::vector<database_settings> databases;
  std::optional<address> http;
  std::string log_level;
  std::string log_format;
};

/// The command line takes precedence over the file.
/// Errors: `usage_error`, or `config_error` for a value of the file.
settings settings_of(const context& c);

/// The level and format of the log by the same rule, for a file that was read again.
std::string log_level_of(const context& c, const config& file);
std::string log_format_of(const context& c, const config& file);

} // namespace dbengine::app::serve
