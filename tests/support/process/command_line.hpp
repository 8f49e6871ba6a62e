// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The program `dbengine` as people run it: in pipes and on a terminal.
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

/// How a program is run. Every run is bounded: after `patience` it is killed and the test fails.
struct run_settings {
  std::string input = {};
  /// Beside PATH, HOME, LC_ALL=C.UTF-8 and TERM=xterm; an empty value takes a name out.
  std::map<std::string, std::string> environment = {};
  std::filesystem::path folder = {};
  /// Where standard output goes instead of to `out`: a file to open for writing, "closed" for none
  /// at all.
  std::string output_to = {};
  /// Bytes of standard output after which its reader leaves; 0 for never.
  std::size_t reader_leaves_after = 0;
  /// Sends this signal, once, as soon as `ready` says so; 0 for none.
  int signal = 0;
  std::function<bool(pid_t)> ready = {};
  /// On a terminal of so many columns: standard input, output and error are the terminal, and `out`
  /// all that it shows.
  unsigned columns = 0;
  std::string program = program_path();
};

struct run_result {
  /// Exit code, 128 + n for signal n.
  int code = -1;
  std::string out = {};
  std::string err = {};
};

/// It has used so much processor time that it must be running its statement.
bool is_busy(pid_t pid);
/// It has started its threads, the one for signals first.
bool has_threads(pid_t pid);

/// Runs a program to its end. Throws `std::runtime_error` if it cannot be started or does not
/// end.
run_result run(const std::vector<std::string>& arguments, const run_settings& s = {});

/// `run` with the arguments split at spaces; 'single quotes' hold one together.
run_result run_line(const std::string& line, const run_settings& s = {});

/// The file, as a whole.
std::string content_of(const std::filesystem::path& file);
void write_text(const std::filesystem::path& file, const std::string& text);

/// The words of a line: split at spaces, where no single quotes hold them together.
std::vector<std::string> words_of(const std::string& line);

/// Whether a program of that name is found by PATH.
bool has_program(const std::string& name);

} // namespace dbengine::test
