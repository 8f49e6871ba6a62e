// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/process/program.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace dbengine::test {

using namespace std::chrono_literals;

bool wait_until(const std::function<bool()>& holds, std::chrono::milliseconds most) {
  const auto give_up = std::chrono::steady_clock::now() + most;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > give_up)
      return false;
    std::this_thread::sleep_for(10ms); // between two checks
  }
  return true;
}

program::program(const std::vector<std::string>& arguments,
                 const std::map<std::string, std::string>& environment, const std::string& path) {
  int in[2], out[2], err[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  std::vector<std::string> words(arguments);
  words.insert(words.begin(), path);
  std::vector<std::string> variables;
  for (char** v = environ; *v != nullptr; ++v) {
    const std::string one = *v;
    if (!environment.contains(one.substr(0, one.find('='))))
      variables.push_back(one);
  }
  for (const auto& [name, value] : environment)
    variables.push_back(name + "=" + value);
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (auto& t : texts)
      all.push_back(t.data());
    all.push_back(nullptr);
    return all;
  };
  // A shell ignores SIGINT for background jobs, and the test itself may be one.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGINT);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int code = ::posix_spawn(&pid_, path.c_str(), &actions, &attributes, pointers(words).data(),
                                 pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  for (const int fd : {in[0], out[1], err[1]})
    ::close(fd);
  if (code != 0)
    throw std::system_error(code, std::generic_category(), path);
  input_ = in[1];
  readers_.emplace_back([this, fd = out[0]] { collect(fd, out_); });
  readers_.emplace_back([this, fd = err[0]] { collect(fd, err_); });
}

program::~program() {
  if (!ended()) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  close_input();
  for (auto& r : readers_)
    if (r.joinable())
      r.join();
}

void program::collect(int descriptor, std::string& to) {
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto got = ::read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    const std::lock_guard lock(mutex_);
    to.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(descriptor);
}

void program::write(const std::string& text) {
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  for (std::size_t done = 0; done < text.size();) {
    const auto n = ::write(input_, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR)
      break; // it no longer reads: its output says why
    done += n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  ::signal(SIGPIPE, old);
}

void program::close_input() {
  if (input_ >= 0)
    ::close(std::exchange(input_, -1));
}

bool program::says(const std::string& text) {
  bool last_look = false;
  wait_until([&] {
    if (err().find(text) != std::string::npos)
      return true;
    return std::exchange(last_look, ended()); // for output written just before the end
  });
  return err().find(text) != std::string::npos;
}

void program::signal(int number) const {
  ::kill(pid_, number);
}

bool program::ended() {
  if (code_ >= 0)
    return true;
  int status = 0;
  const auto got = ::waitpid(pid_, &status, WNOHANG);
  if (got == pid_)
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return got == pid_;
}

int program::wait() {
  if (!wait_until([this] { return ended(); }))
    return -1;
  for (auto& r : readers_)
    if (r.joinable())
      r.join();
  return code_;
}

} // namespace dbengine::test
