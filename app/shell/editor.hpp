// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The command line on a terminal: editing, history and completion by GNU Readline.
#pragma once

#include "shell/line_source.hpp"
#include "shell/session_signals.hpp"

#include <deque>
#include <filesystem>
#include <functional>
#include <vector>

namespace dbengine::app::shell {

/// Completions at a position: candidates for `word`, which begins at byte `begin` of `line`.
/// `files`: file names are candidates, too.
struct candidates {
  std::vector<std::string> words = {};
  bool files = false;
};
using complete_function =
    std::function<candidates(const std::string& line, std::size_t begin, const std::string& word)>;

/// A command-line editor. It reads standard input and draws on standard error, so that data can be
/// redirected. If standard error is not a terminal, it draws on standard output.
/// Thread safety: one thread, and one editor at a time in a process.
class editor : public line_source {
public:
  /// `history`: the file of past entries, created with mode 0600; empty for none. A file that
  /// cannot be used stays unchanged.
  editor(session_signals& signals, std::filesystem::path history, complete_function complete);
  ~editor() override;
  editor(const editor&) = delete;
  editor& operator=(const editor&) = delete;

  input next(const std::string& prompt, std::string& line) override;
  void remember(const std::string& entry) override;
  bool interactive() const noexcept override { return true; }
  /// The reason why the history is not saved; empty if it is.
  const std::string& history_problem() const noexcept { return problem_; }

private:
  input wait();

  session_signals& signals_;
  std::filesystem::path history_;
  std::string problem_;
  std::string last_;
  std::deque<std::string> queued_; // lines that arrived together
};

/// $XDG_STATE_HOME/dbengine/history, else ~/.local/state/dbengine/history; empty without a home
/// directory.
std::filesystem::path history_file();

} // namespace dbengine::app::shell
