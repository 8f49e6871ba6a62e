// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Where data goes, with every write checked.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

namespace dbengine::app {

/// A write that failed.
class write_failure : public std::runtime_error {
public:
  write_failure(const std::string& what, int code) : std::runtime_error(what), code_(code) {}
  /// The other end of the pipe is closed.
  bool reader_left() const noexcept;

private:
  int code_;
};

/// Buffered writing to a stream of the C library that it does not own. Throws `write_failure`. One thread.
class output_stream {
public:
  explicit output_stream(std::FILE* to, std::string name = "standard output");

  /// Writes the bytes as they are; to a terminal with `ui::visible_lines`, so that no data steers it. A character must not be
  /// split between two calls.
  void write(std::string_view text);
  /// Writes the bytes as they are, to a terminal, too: for text with styles whose data has been made visible.
  void write_styled(std::string_view text);
  /// Writes what is buffered; to be called at the end, because only then everything has been checked.
  void finish();

private:
  [[noreturn]] void fail(int code) const;

  std::FILE* file_;
  std::string name_;
  bool terminal_;
};

} // namespace dbengine::app
