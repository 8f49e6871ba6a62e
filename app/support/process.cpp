// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/process.hpp"

#include <cerrno>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace dbengine::app {

namespace {

[[noreturn]] void fail(int code, const std::string& what) {
  throw std::system_error(code, std::generic_category(), what);
}

constexpr std::size_t read_size = 64 * 1024;

} // namespace

child_output::child_output(const std::vector<std::string>& command) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    fail(errno, "pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  // The child gets default signal handlers and an empty mask, whatever this program ignores or
  // blocks.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  posix_spawnattr_setsigmask(&attributes, &defaults);
  sigaddset(&defaults, SIGPIPE);
  sigaddset(&defaults, SIGXFSZ);
  sigaddset(&defaults, SIGINT);
  sigaddset(&defaults, SIGTERM);
  sigaddset(&defaults, SIGHUP);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const auto& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str())); // exec's signature; not modified
  arguments.push_back(nullptr);
  const int code =
      ::posix_spawnp(&pid_, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (code != 0) {
    ::close(ends[0]);
    fail(code, "cannot run " + command.front());
  }
  descriptor_ = ends[0];
}

child_output::~child_output() {
  wait();
}

int child_output::wait() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
  descriptor_ = -1;
  if (pid_ > 0) {
    int raw = 0;
    pid_t got = -1;
    do
      got = ::waitpid(pid_, &raw, 0);
    while (got < 0 && errno == EINTR);
    if (got == pid_)
      status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    pid_ = -1;
  }
  return status_;
}

bool line_reader::fill() {
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
  }
  const std::size_t old = buffer_.size();
  buffer_.resize(old + read_size);
  ssize_t got = -1;
  do
    got = ::read(descriptor_, buffer_.data() + old, read_size);
  while (got < 0 && errno == EINTR);
  const int code = errno;
  buffer_.resize(old + (got > 0 ? static_cast<std::size_t>(got) : 0));
  if (got < 0)
    fail(code, "read");
  return got > 0;
}

bool line_reader::next(std::string_view& line) {
  for (;;) {
    const std::size_t found = buffer_.find('\n', scanned_);
    if (found != std::string::npos) {
      line = std::string_view(buffer_).substr(begin_, found - begin_);
      begin_ = scanned_ = found + 1;
      return true;
    }
    scanned_ = buffer_.size();
    if (at_end_ || !fill()) {
      at_end_ = true;
      if (begin_ == buffer_.size())
        return false;
      line = std::string_view(buffer_).substr(begin_);
      begin_ = scanned_ = buffer_.size();
      return true;
    }
  }
}

} // namespace dbengine::app
