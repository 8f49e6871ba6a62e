// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The environment of a command: its arguments, the streams, the configuration and the stop token.
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
  /// host:port of `--connect`; empty for a file.
  std::string connect = {};
  std::stop_token cancel = {};
  /// For commands that handle signals themselves.
  interrupt* signals = nullptr;

  /// Writes a line for the user to standard error, unless `-q` is given.
  void note(const std::string& line) const;
};

/// How a command opens its database.
enum class opening { read_only, existing, create };

/// The path in the argument DB. Empty for a memory database and for a URI, which itself specifies
/// whether the file is created.
std::string database_path(const context& c);

/// The file of a path, a URL or a URI; empty for a memory database.
std::filesystem::path file_of_database(const std::string& database);

/// The file of the argument DB; empty with `--connect`.
std::filesystem::path database_file(const context& c);

/// The folder of the database's backups: `--dir`, or else the configuration's folder for it.
/// `serve` with the same configuration uses the same folder.
std::filesystem::path folder_of_backups(const context& c);

/// For commands that need files of this machine.
/// Errors: `usage_error` if `--connect` is given.
void needs_files(const context& c, const char* command);

/// Opens the engine of the command line: the file of the argument DB, or `--connect`. `existing`
/// reports a missing file as an error. `read_only` opens without a writer, so that it works while
/// another engine runs; a remote database is not changed either.
/// Errors: those of the engine. Standard output or standard error that leads into the database is
/// an error, too.
DbEngine open_engine(const context& c, opening how);

/// Returns requests to the engine with the user's deadline (`--timeout`; the default is longer than
/// a day) and Ctrl-C as the stop token.
request_view requests(const DbEngine& engine, const context& c);

} // namespace dbengine::app
