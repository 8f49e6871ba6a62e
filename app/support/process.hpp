// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A child process whose output is read, and a reader of lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace dbengine::app {

/// A running program, found by PATH without a shell, whose standard output is a file descriptor.
/// The destructor closes the descriptor and waits for the program.
/// Errors: `std::system_error` if the program cannot be started.
class child_output {
public:
  explicit child_output(const std::vector<std::string>& command);
  ~child_output();
  child_output(const child_output&) = delete;
  child_output& operator=(const child_output&) = delete;

  int descriptor() const noexcept { return descriptor_; }
  /// Closes the pipe and waits. Returns the exit code, or 128 + n if signal n ended the program.
  int wait();

private:
  pid_t pid_ = -1;
  int descriptor_ = -1;
  int status_ = -1;
};

/// A reader of the lines of a file descriptor, with a buffer that grows to the longest line.
/// Ownership: the caller owns the descriptor.
class line_reader {
public:
  explicit line_reader(int descriptor) : descriptor_(descriptor) {}

  /// Reads the next line without its newline; it is valid until the next call. Returns false at the
  /// end.
  /// Errors: `std::system_error` if reading fails.
  bool next(std::string_view& line);

private:
  bool fill();

  int descriptor_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::size_t scanned_ = 0;
  bool at_end_ = false;
};

} // namespace dbengine::app
