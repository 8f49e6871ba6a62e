// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote_fixture.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

extern char** environ;

namespace dbengine::test {

server::server(const std::string& url, std::vector<std::string> arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  int in[2];
  int out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) {
    trouble_ = "no pipes";
    return;
  }
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  arguments.insert(arguments.begin(), url);
  arguments.insert(arguments.begin(), DBENGINE_BIN_DIR "/remote_server");
  std::vector<char*> argv;
  for (auto& x : arguments)
    argv.push_back(x.data());
  argv.push_back(nullptr);
  if (::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0)
    pid_ = -1;
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  to_ = in[1];
  from_ = out[0];
  const auto first = line();
  if (first.starts_with("port "))
    port_ = static_cast<std::uint16_t>(std::stoi(first.substr(5)));
  else
    trouble_ = first.empty() ? "the server said nothing" : first;
}

server::~server() {
  end();
}

std::string server::line() {
  std::string result;
  for (char c = 0;;) {
    pollfd what{from_, POLLIN, 0};
    if (::poll(&what, 1, 30'000) != 1 || ::read(from_, &c, 1) != 1)
      return {};
    if (c == '\n')
      return result;
    result += c;
  }
}

std::string server::ask(const std::string& text) {
  const auto all = text + "\n";
  if (pid_ < 0 || ::write(to_, all.data(), all.size()) != static_cast<ssize_t>(all.size()))
    return {};
  return line();
}

void server::signal(int number) const {
  if (pid_ > 0)
    ::kill(pid_, number);
}

void server::kill() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
    pid_ = -1;
  }
}

int server::end() {
  if (to_ >= 0)
    ::close(to_);
  to_ = -1;
  // An orderly end takes at most the 10 s of an engine's shutdown and the 5 s of a listener's.
  for (int i = 0; i < 3'000 && pid_ > 0; ++i) {
    if (::waitpid(pid_, &status_, WNOHANG) == pid_)
      pid_ = -1;
    else
      ::poll(nullptr, 0, 10);
  }
  kill();
  if (from_ >= 0)
    ::close(from_);
  from_ = -1;
  return status_;
}

} // namespace dbengine::test
