// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Output with every write checked.
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
  /// Whether the failure is that the other end of the pipe is closed.
  bool reader_left() const noexcept;

private:
  int code_;
};

/// Buffered writes to a stream of the C library.
/// Thread safety: one thread.
/// Ownership: the caller owns the stream.
/// Errors: `write_failure`.
class output_stream {
public:
  explicit output_stream(std::FILE* to, std::string name = "standard output");

  /// Writes the bytes unchanged. On a terminal they pass through `ui::visible_lines`, so that data
  /// cannot control it. A character must not be split between two calls.
  void write(std::string_view text);
  /// Writes the bytes unchanged, also to a terminal: for styled text whose data has been made
  /// visible.
  void write_styled(std::string_view text);
  /// Writes buffered bytes. Call it at the end: only then have all writes been checked.
  void finish();

private:
  [[noreturn]] void fail(int code) const;

  std::FILE* file_;
  std::string name_;
  bool terminal_;
};

} // namespace dbengine::app
