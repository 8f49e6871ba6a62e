// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The command line of a terminal: editing, history, completion, by GNU Readline.
#pragma once

#include "shell/line_source.hpp"
#include "shell/signals.hpp"

#include <deque>
#include <filesystem>
#include <functional>
#include <vector>

namespace dbengine::app::shell {

/// What can stand at a place of the line: candidates for `word`, which begins at byte `begin` of `line`. `files`: file
/// names, too.
struct candidates {
  std::vector<std::string> words = {};
  bool files = false;
};
using complete_function =
    std::function<candidates(const std::string& line, std::size_t begin, const std::string& word)>;

/// One at a time in a process, one thread. Reads standard input, draws on standard error (standard output where that is
/// no terminal), so that data can be redirected.
class editor : public line_source {
public:
  /// `history`: the file of past entries, empty for none; made with mode 0600. One that cannot be used is left alone.
  editor(session_signals& signals, std::filesystem::path history, complete_function complete);
  ~editor() override;
  editor(const editor&) = delete;
  editor& operator=(const editor&) = delete;

  input next(const std::string& prompt, std::string& line) override;
  void remember(const std::string& entry) override;
  bool interactive() const noexcept override { return true; }
  /// Why the history is not kept, empty where it is.
  const std::string& history_problem() const noexcept { return problem_; }

private:
  input wait();

  session_signals& signals_;
  std::filesystem::path history_;
  std::string problem_;
  std::string last_;
  std::deque<std::string> queued_; // lines that came in one go
};

/// $XDG_STATE_HOME/dbengine/history, else ~/.local/state/dbengine/history; empty where there is no home.
std::filesystem::path history_file();

} // namespace dbengine::app::shell
