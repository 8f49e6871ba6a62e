// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A program on a real terminal, by tmux: keys go in, the screen is checked.
// Thread safety: one thread.
// Ownership: the terminal and what runs in it end with the object.

#pragma once

#include "support/engine/engine_fixture.hpp"

#include <map>
#include <string>

namespace dbengine::test {

/// Whether there is a tmux.
bool has_tmux();

class tmux {
public:
  /// 100 columns, 40 lines, UTF-8, a server of its own. Throws `std::runtime_error` if it cannot
  /// be started.
  explicit tmux(const std::string& command, const std::map<std::string, std::string>& environment);
  ~tmux();
  tmux(const tmux&) = delete;
  tmux& operator=(const tmux&) = delete;

  /// Types the text as it stands.
  void type(const std::string& text) const;
  /// Types the text and Enter.
  void line(const std::string& text) const;
  /// "Enter", "Tab", "Up", "C-c", …
  void key(const std::string& name) const;
  /// The terminal gets so many columns, and what runs in it is notified by a signal.
  void resize(unsigned columns) const;
  /// What is on the screen, without the spaces at the ends of lines.
  std::string screen() const;
  /// Waits until the screen shows the text; false if it does not in time.
  bool shows(const std::string& text) const;
  /// Waits until the last line that is not empty is this.
  bool ends_with(const std::string& line) const;
  /// Waits until the cursor stands at the beginning of a line: the line that was typed has been
  /// taken.
  bool at_line_begin() const;

private:
  std::string run(const std::string& arguments) const;

  engine_folder folder_; // of its socket
  std::string server_;
};

} // namespace dbengine::test
