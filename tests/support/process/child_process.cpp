// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/process/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>

extern char** environ;

namespace dbengine::test {

child_process::child_process(std::vector<std::string> words) {
  std::signal(SIGPIPE, SIG_IGN);
  int in[2];
  int out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
    return;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  std::vector<char*> argv;
  for (auto& x : words)
    argv.push_back(x.data());
  argv.push_back(nullptr);
  if (::posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0)
    pid_ = -1;
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  to_ = in[1];
  from_ = out[0];
}

child_process::~child_process() {
  end();
}

std::string child_process::line() {
  for (;;) {
    if (const auto at = read_.find('\n'); at != std::string::npos) {
      auto result = read_.substr(0, at);
      read_.erase(0, at + 1);
      return result;
    }
    pollfd what{from_, POLLIN, 0};
    char buffer[4096];
    if (from_ < 0 || ::poll(&what, 1, 30'000) != 1)
      return {};
    const auto n = ::read(from_, buffer, sizeof buffer);
    if (n <= 0)
      return {};
    read_.append(buffer, static_cast<std::size_t>(n));
  }
}

std::vector<std::string> child_process::rest() {
  std::vector<std::string> all;
  for (;;) {
    auto next = line();
    if (next.empty())
      return all;
    all.push_back(std::move(next));
  }
}

bool child_process::say(const std::string& text) const {
  const auto all = text + "\n";
  return pid_ > 0 && ::write(to_, all.data(), all.size()) == static_cast<ssize_t>(all.size());
}

void child_process::signal(int number) const {
  if (pid_ <= 0)
    return;
  ::kill(pid_, number);
  // `waitid` returns when the last thread of the process is stopped: until then the threads answer.
  siginfo_t ignored;
  if (number == SIGSTOP)
    ::waitid(P_PID, static_cast<id_t>(pid_), &ignored, WSTOPPED);
}

bool child_process::is_alive() {
  if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_)
    pid_ = -1;
  return pid_ > 0;
}

void child_process::kill() {
  if (is_alive()) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
    pid_ = -1;
  }
}

void child_process::close_input() {
  if (to_ >= 0)
    ::close(to_);
  to_ = -1;
}

int child_process::end() {
  close_input();
  // An orderly end takes at most the 10 s of an engine's shutdown and the 5 s of a listener's.
  for (int i = 0; i < 3'000 && is_alive(); ++i)
    ::poll(nullptr, 0, 10);
  kill();
  if (from_ >= 0)
    ::close(from_);
  from_ = -1;
  return status_;
}

} // namespace dbengine::test
