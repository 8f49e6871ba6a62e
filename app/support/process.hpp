// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A child process whose output is read, and files read line by line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace dbengine::app {

/// Runs a program (found by PATH, no shell) and gives its standard output as a file descriptor. The
/// destructor closes it and waits for the program. Throws `std::system_error` where it cannot be started.
class child_output {
public:
  explicit child_output(const std::vector<std::string>& command);
  ~child_output();
  child_output(const child_output&) = delete;
  child_output& operator=(const child_output&) = delete;

  int descriptor() const noexcept { return descriptor_; }
  /// Closes the pipe and waits: the exit code, 128 + n where signal n ended it.
  int wait();

private:
  pid_t pid_ = -1;
  int descriptor_ = -1;
  int status_ = -1;
};

/// Lines of a file descriptor, which it does not own, with a buffer that grows to the longest line.
class line_reader {
public:
  explicit line_reader(int descriptor) : descriptor_(descriptor) {}

  /// The next line without its newline; valid until the next call. False at the end. Throws
  /// `std::system_error` where reading fails.
  bool next(std::string_view& line);
  std::uint64_t line_number() const noexcept { return line_number_; }

private:
  bool fill();

  int descriptor_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::size_t scanned_ = 0;
  std::uint64_t line_number_ = 0;
  bool at_end_ = false;
};

} // namespace dbengine::app
