// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A program that a test talks to line by line, by its standard input and output.
// Thread safety: one thread.
// Ownership: the process ends with the object.

#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace dbengine::test {

/// A program whose standard input and output the test holds.
class child_process {
public:
  /// `words`: the program's path and its arguments.
  explicit child_process(std::vector<std::string> words);
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  pid_t pid() const noexcept { return pid_; }
  bool is_alive();
  /// The next line; empty at the end of the output, or after 30 s.
  std::string line();
  /// All remaining lines until the end of the output.
  std::vector<std::string> rest();
  bool say(const std::string& line) const;
  void signal(int number) const;
  /// kill -9.
  void kill();
  void close_input();
  /// Closes the program's input and waits; returns its exit status as `waitpid` reports it.
  int end();

private:
  pid_t pid_ = -1;
  int to_ = -1;
  int from_ = -1;
  int status_ = -1;
  std::string read_;
};

} // namespace dbengine::test
