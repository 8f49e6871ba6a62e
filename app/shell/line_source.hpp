// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Where the lines of a shell come from: a person at a terminal, or a pipe.
#pragma once

#include <cstdint>
#include <string>

namespace dbengine::app::shell {

enum class input { line, end, interrupted };

class line_source {
public:
  virtual ~line_source() = default;
  /// The next line without its end. `interrupted`: Ctrl-C, or the shell is to end.
  virtual input next(const std::string& prompt, std::string& line) = 0;
  /// A whole statement or command was given, to be remembered.
  virtual void remember(const std::string&) {}
  virtual bool interactive() const noexcept { return false; }
};

} // namespace dbengine::app::shell
