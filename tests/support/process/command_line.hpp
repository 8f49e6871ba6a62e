// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Runs the program `dbengine` as users do: in pipes and on a terminal.
// Thread safety: each object and call on one thread.

#pragma once

#include "support/process/paths.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

namespace dbengine::test {

/// How a program is run. Every run is bounded: after `patience` the program is killed and the test
/// fails.
struct run_settings {
  std::string input = {};
  /// Added to PATH, HOME, LC_ALL=C.UTF-8 and TERM=xterm; an empty value removes a name.
  std::map<std::string, std::string> environment = {};
  std::filesystem::path folder = {};
  /// The target of standard output instead of `out`: a file to open for writing, or "closed" for
  /// none.
  std::string output_to = {};
  /// Bytes of standard output after which its reader closes the pipe; 0 for never.
  std::size_t reader_leaves_after = 0;
  /// Sends this signal once, as soon as `ready` returns true; 0 for none.
  int signal = 0;
  std::function<bool(pid_t)> ready = {};
  /// Runs on a terminal with this many columns: standard input, output and error are the terminal,
  /// and `out` is everything that it shows.
  unsigned columns = 0;
  std::string program = program_path();
};

struct run_result {
  /// The exit code; 128 + n for signal n.
  int code = -1;
  std::string out = {};
  std::string err = {};
};

/// Whether the program has used so much processor time that it must be running its statement.
bool is_busy(pid_t pid);
/// Whether the program has started its threads, the one for signals first.
bool has_threads(pid_t pid);

/// Runs a program to its end. Throws `std::runtime_error` if the program cannot be started or does
/// not end.
run_result run(const std::vector<std::string>& arguments, const run_settings& s = {});

/// `run` with the arguments split at spaces; 'single quotes' keep an argument together.
run_result run_line(const std::string& line, const run_settings& s = {});

/// The content of a file.
std::string content_of(const std::filesystem::path& file);
void write_text(const std::filesystem::path& file, const std::string& text);

/// The words of a line: split at spaces outside single quotes.
std::vector<std::string> words_of(const std::string& line);

/// Whether PATH contains a program of that name.
bool has_program(const std::string& name);

} // namespace dbengine::test
