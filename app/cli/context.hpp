// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What a command gets: its arguments, the streams, the configuration and the wish to stop.
#pragma once

#include "cli/command.hpp"
#include "config/config.hpp"
#include "ui/terminal.hpp"

#include <dbengine/db_engine.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

namespace dbengine::app {

class interrupt;

struct context {
  const command* tree = nullptr;
  arguments args = {};
  app::config config = {};
  ui::terminal out = {};
  ui::terminal err = {};
  /// -1 quiet, 0 normal, 1 verbose.
  int verbosity = 0;
  /// host:port of `--connect`, empty for a file.
  std::string connect = {};
  std::stop_token cancel = {};
  /// For commands that treat signals themselves.
  interrupt* signals = nullptr;

  /// A line on standard error for the user, not where `-q` is given.
  void note(const std::string& line) const;
};

/// How a command wants its database.
enum class opening { read_only, existing, create };

/// The path that the argument DB names; empty for a memory database and for a URI, which say themselves what is made.
std::string database_path(const context& c);

/// The file that a path, a URL or a URI names; empty for a memory database.
std::filesystem::path file_of_database(const std::string& database);

/// That of the argument DB; empty with `--connect`.
std::filesystem::path database_file(const context& c);

/// Where its backups are: `--dir`, else the folder of the configuration for it, which is that of `serve` with the same one.
std::filesystem::path folder_of_backups(const context& c);

/// For commands that work on files of this machine: throws `usage_error` where `--connect` is given.
void needs_files(const context& c, const char* command);

/// The engine that the command line names: the file of the argument DB, or `--connect`. For `existing`, a missing
/// file is an error, as standard output or error that leads into the database always is; `read_only` opens without a writer, so that it works beside a running engine, and changes nothing over the wire.
DbEngine open_engine(const context& c, opening how);

/// Its requests with the user's deadline (`--timeout`, else none shorter than a day) and Ctrl-C.
request_view requests(const DbEngine& engine, const context& c);

} // namespace dbengine::app
