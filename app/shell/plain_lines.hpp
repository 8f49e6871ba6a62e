// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Lines from a pipe or a file, without prompts.
#pragma once

#include "shell/line_source.hpp"
#include "shell/session_signals.hpp"

namespace dbengine::app::shell {

/// A reader of standard input.
/// Errors: `std::system_error` if reading fails.
class plain_lines : public line_source {
public:
  explicit plain_lines(session_signals& signals) : signals_(signals) {}
  input next(const std::string& prompt, std::string& line) override;

private:
  session_signals& signals_;
  std::string buffer_;
  std::size_t begin_ = 0;
  bool first_ = true;
  bool at_end_ = false;
};

} // namespace dbengine::app::shell
