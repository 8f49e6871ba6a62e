// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The source of a shell's lines: a person at a terminal, or a pipe.
#pragma once

#include <cstdint>
#include <string>

namespace dbengine::app::shell {

enum class input { line, end, interrupted };

class line_source {
public:
  virtual ~line_source() = default;
  /// Reads the next line without its newline. `interrupted`: Ctrl-C, or the shell must end.
  virtual input next(const std::string& prompt, std::string& line) = 0;
  /// Adds a complete statement or command to the history.
  virtual void remember(const std::string&) {}
  virtual bool interactive() const noexcept { return false; }
};

} // namespace dbengine::app::shell
