// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A program on a real terminal, by tmux: the test sends keys and reads the screen.
// Thread safety: one thread.
// Ownership: the terminal and the program in it end with the object.

#pragma once

#include "support/engine/engine_fixture.hpp"

#include <map>
#include <string>

namespace dbengine::test {

/// Whether tmux is installed.
bool has_tmux();

class tmux {
public:
  /// Starts a terminal with 100 columns, 40 lines and UTF-8, on a separate tmux server. Throws
  /// `std::runtime_error` if it cannot be started.
  explicit tmux(const std::string& command, const std::map<std::string, std::string>& environment);
  ~tmux();
  tmux(const tmux&) = delete;
  tmux& operator=(const tmux&) = delete;

  /// Types the text unchanged.
  void type(const std::string& text) const;
  /// Types the text and Enter.
  void line(const std::string& text) const;
  /// "Enter", "Tab", "Up", "C-c", …
  void key(const std::string& name) const;
  /// Gives the terminal this many columns; a signal notifies the program in it.
  void resize(unsigned columns) const;
  /// The text on the screen, without trailing spaces.
  std::string screen() const;
  /// Waits until the screen shows the text; false if it does not in time.
  bool shows(const std::string& text) const;
  /// Waits until the last line that is not empty equals `line`.
  bool ends_with(const std::string& line) const;
  /// Waits until the cursor is at the beginning of a line, so that the typed line has been
  /// accepted.
  bool at_line_begin() const;

private:
  std::string run(const std::string& arguments) const;

  engine_folder folder_; // of its socket
  std::string server_;
};

} // namespace dbengine::test
