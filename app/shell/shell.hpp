// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The interactive shell: statements and dot commands, line by line.
#pragma once

#include "cli/context.hpp"
#include "data/statements/statement_scanner.hpp"
#include "shell/line_source.hpp"
#include "shell/session.hpp"
#include "shell/session_signals.hpp"

#include <string>

namespace dbengine::app::shell {

/// A shell for one engine.
/// Thread safety: one thread.
class shell {
public:
  shell(const context& c, session& s, session_signals& signals, line_source& lines);

  /// Runs until the end of the input, `.quit` or, if input is not interactive, the first failure,
  /// which is thrown. Returns the exit code.
  int run();

  // For dot commands.
  const context& surroundings() const noexcept { return context_; }
  session& statements() noexcept { return session_; }
  output_stream& out() noexcept { return out_; }
  /// Runs statements and writes their rows.
  /// Errors: those of the statements, with the text that failed.
  void run_sql(const std::string& sql, const std::stop_token& cancel);
  void run_file(const std::string& sql, const std::stop_token& cancel);
  void note(const std::string& line) const { context_.note(line); }
  std::string& format() noexcept { return format_; }
  bool& timer() noexcept { return timer_; }
  bool interactive() const noexcept { return lines_.interactive(); }
  void quit() noexcept { quit_ = true; }

private:
  std::string prompt() const;
  void take(const std::string& line);
  std::string take_pending();
  // Runs a complete text. An interactive shell shows its failure; otherwise the failure ends the
  // shell.
  void perform(const std::string& text);
  void finish();

  context context_; // its stop token is the session's
  session& session_;
  session_signals& signals_;
  line_source& lines_;
  output_stream out_;
  std::string format_;
  std::string pending_;    // a statement that continues in the next line
  statement_scanner scan_; // of `pending_`
  bool timer_ = false;
  bool quit_ = false;
};

} // namespace dbengine::app::shell
