// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/process/tmux.hpp"

#include "support/process/paths.hpp"
#include "support/process/program.hpp"

#include <array>
#include <cstdio>
#include <stdexcept>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace dbengine::test {

namespace {

std::string output_of(const std::string& command, int& code) {
  std::FILE* from = ::popen((command + " 2>&1").c_str(), "re");
  if (from == nullptr)
    throw std::runtime_error("cannot run " + command);
  std::string all;
  std::array<char, 4096> buffer{};
  while (const auto n = std::fread(buffer.data(), 1, buffer.size(), from))
    all.append(buffer.data(), n);
  code = ::pclose(from);
  return all;
}

} // namespace

bool has_tmux() {
  int code = -1;
  output_of("tmux -V", code);
  return code == 0;
}

tmux::tmux(const std::string& command, const std::map<std::string, std::string>& environment) {
  server_ = "tmux -u -S " + shell_word((folder_.path / "socket").string()) + " ";
  std::string all = "env LC_ALL=C.UTF-8";
  for (const auto& [name, value] : environment)
    all += " " + name + "=" + shell_word(value);
  run("-f /dev/null new-session -d -x 100 -y 40 " + shell_word(all + " " + command));
}

tmux::~tmux() {
  int code = 0;
  output_of(server_ + "kill-server", code); // the server may have ended by itself
}

std::string tmux::run(const std::string& arguments) const {
  int code = 0;
  auto out = output_of(server_ + arguments, code);
  if (code != 0)
    throw std::runtime_error("tmux " + arguments + ": " + out);
  return out;
}

void tmux::type(const std::string& text) const {
  // tmux interprets a semicolon at the end of an argument.
  std::string given = text;
  if (given.ends_with(';'))
    given.insert(given.size() - 1, 1, '\\');
  run("send-keys -l -- " + shell_word(given));
}

void tmux::line(const std::string& text) const {
  type(text);
  key("Enter");
}

void tmux::key(const std::string& name) const {
  run("send-keys " + name);
}

void tmux::resize(unsigned columns) const {
  run("resize-window -x " + std::to_string(columns) + " -y 40");
  // tmux notifies the terminal of the window some time later.
  auto name = run("display-message -p '#{pane_tty}'");
  name.erase(name.find_last_not_of('\n') + 1);
  const int terminal = ::open(name.c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC);
  winsize size{};
  const bool done = wait_until(
      [&] { return ::ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col == columns; });
  ::close(terminal);
  if (!done)
    throw std::runtime_error("tmux does not resize " + name);
}

std::string tmux::screen() const {
  return run("capture-pane -p");
}

bool tmux::shows(const std::string& text) const {
  return wait_until([&] { return screen().find(text) != std::string::npos; });
}

bool tmux::ends_with(const std::string& line) const {
  return wait_until([&] {
    const auto all = screen();
    const auto end = all.find_last_not_of(" \n");
    const auto begin = all.rfind('\n', end);
    return all.substr(begin + 1, end - begin) == line;
  });
}

bool tmux::at_line_begin() const {
  return wait_until([&] { return run("display-message -p '#{cursor_x}'") == "0\n"; });
}

} // namespace dbengine::test
