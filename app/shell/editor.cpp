// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "shell/editor.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <readline/history.h>
#include <readline/readline.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dbengine::app::shell {

namespace {

namespace fs = std::filesystem;

constexpr int kept_entries = 2000;

// Readline exists once per process and calls C functions, which use this variable.
complete_function complete_with;
std::vector<std::string> found;
bool line_done = false;
bool at_end = false;
std::string current;

void on_line(char* text) {
  line_done = true;
  at_end = text == nullptr;
  current = text == nullptr ? "" : text;
  std::free(text);
  rl_callback_handler_remove();
}

// Readline requests one candidate after the other and frees each.
char* next_candidate(const char*, int state) {
  static std::size_t at = 0;
  if (state == 0)
    at = 0;
  return at < found.size() ? ::strdup(found[at++].c_str()) : nullptr;
}

// File names contain characters that separate words in SQL: after a dot command only a space
// separates. (Readline requires a writable string.)
char* word_breaks() {
  static std::string in_sql = " \t\n\"\\'`@$><=;|&{(,.+-*/%!~[)", in_arguments = " \t\n\"'";
  const std::string_view line = rl_line_buffer;
  const bool arguments = line.starts_with('.') && line.find(' ') != std::string_view::npos &&
                         !line.starts_with(".watch ");
  return (arguments ? in_arguments : in_sql).data();
}

// An exception must not pass through Readline.
char** complete_word(const char* word, int start, int) {
  try {
    auto all = complete_with(rl_line_buffer, static_cast<std::size_t>(start), word);
    found = std::move(all.words);
    rl_attempted_completion_over = all.files ? 0 : 1;
    return found.empty() ? nullptr : rl_completion_matches(word, next_candidate);
  } catch (...) { // no candidates
    rl_attempted_completion_over = 1;
    return nullptr;
  }
}

// The file is created with its mode before it is written.
bool make_private(const fs::path& file, std::string& problem) {
  std::error_code code;
  const auto folder = file.parent_path();
  const bool fresh = fs::create_directories(folder, code);
  if (fresh)
    fs::permissions(folder, fs::perms::owner_all, code);
  const int descriptor =
      code ? -1 : ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0 || ::fchmod(descriptor, 0600) != 0)
    problem = file.string() + ": " + (code ? code.message() : std::strerror(errno));
  if (descriptor >= 0)
    ::close(descriptor);
  return problem.empty();
}

} // namespace

fs::path history_file() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/')
    return fs::path(state) / "dbengine" / "history";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
    return fs::path(home) / ".local" / "state" / "dbengine" / "history";
  return {};
}

editor::editor(session_signals& signals, fs::path history, complete_function complete)
    : signals_(signals), history_(std::move(history)) {
  complete_with = std::move(complete);
  rl_readline_name = "dbengine";
  rl_catch_signals = 0; // `signals` delivers them
  rl_outstream = ::isatty(STDERR_FILENO) == 1 ? stderr : stdout;
  rl_attempted_completion_function = complete_word;
  rl_completion_word_break_hook = word_breaks;
  rl_completer_quote_characters = "";
  history_comment_char = '#'; // a timestamp before each entry: entries may have several lines
  history_write_timestamps = 1;
  history_multiline_entries = 1;
  using_history();
  stifle_history(kept_entries);
  if (!history_.empty() && make_private(history_, problem_)) {
    read_history(history_.c_str());
    if (history_length > 0)
      last_ = history_get(history_base + history_length - 1)->line;
  } else {
    history_.clear();
  }
}

editor::~editor() {
  if (!history_.empty())
    history_truncate_file(history_.c_str(), kept_entries);
  clear_history();
  complete_with = {};
}

void editor::remember(const std::string& entry) {
  if (entry.empty() || entry == last_)
    return;
  last_ = entry;
  add_history(entry.c_str());
  if (!history_.empty())
    append_history(1, history_.c_str());
}

input editor::next(const std::string& prompt, std::string& line) {
  if (!queued_.empty()) {
    line = std::move(queued_.front());
    queued_.pop_front();
    return input::line;
  }
  line_done = false;
  rl_callback_handler_install(prompt.c_str(), on_line);
  const input got = wait();
  if (got != input::line)
    return got;
  // Pasted text may have several lines.
  for (std::size_t at = 0; at <= current.size();) {
    const auto end = std::min(current.find('\n', at), current.size());
    queued_.push_back(current.substr(at, end - at));
    at = end + 1;
  }
  return next(prompt, line);
}

input editor::wait() {
  while (!line_done) {
    pollfd polled[2] = {{STDIN_FILENO, POLLIN, 0}, {signals_.descriptor(), POLLIN, 0}};
    if (::poll(polled, 2, -1) < 0 && errno != EINTR) {
      rl_callback_handler_remove();
      throw std::system_error(errno, std::generic_category(), "poll");
    }
    if (polled[1].revents != 0) {
      queued_.clear();
      std::fputs("^C\n", rl_outstream);
      std::fflush(rl_outstream);
      rl_callback_sigcleanup();
      rl_free_line_state();
      rl_callback_handler_remove();
      return input::interrupted;
    }
    if (polled[0].revents != 0)
      rl_callback_read_char();
  }
  // Readline itself ends the line if it enabled bracketed paste.
  if (at_end && std::string_view(rl_variable_value("enable-bracketed-paste")) != "on")
    std::fputs("\n", rl_outstream);
  std::fflush(rl_outstream);
  return at_end ? input::end : input::line;
}

} // namespace dbengine::app::shell
