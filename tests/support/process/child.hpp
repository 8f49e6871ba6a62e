// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Runs a part of a test in a forked process with separate limits.
// Thread safety: the test's thread.

#pragma once

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace dbengine::test {

/// The folder for a child's folders: a killed child does not remove them, this object does. A child
/// that becomes another user can use it, too.
struct child_home {
  child_home() {
    path = (std::filesystem::temp_directory_path() / "dbengine-test-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), path);
    std::filesystem::permissions(path, std::filesystem::perms(0711));
  }
  ~child_home() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  child_home(const child_home&) = delete;
  child_home& operator=(const child_home&) = delete;

  std::string path;
};

/// Runs `body` in a child and returns its result, which is the child's exit code. Returns -1 if a
/// signal killed the child, -2 if it did not end in ten minutes, 99 if `body` threw. The child ends
/// by `_exit`: it destroys no object of the parent.
template <class F>
int in_child(F&& body) {
  std::fflush(nullptr);
  const child_home home;
  const auto pid = ::fork();
  if (pid == 0) {
    int code = 99;
    ::setenv("TMPDIR", home.path.c_str(), 1);
    try {
      code = body();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "in the child: %s\n", e.what());
    }
    std::fflush(nullptr);
    ::_exit(code);
  }
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(10);
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > give_up) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &status, 0);
      return -2;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace dbengine::test
