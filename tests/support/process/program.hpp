// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A program that runs beside the test. The test writes its input, reads its output and sends
// signals.
// Thread safety: one thread.
// Ownership: the object kills the program.

#pragma once

#include "support/process/paths.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace dbengine::test {

/// Generous: a machine under load is slow, and no test here measures a program's speed.
inline constexpr std::chrono::seconds patience{60};

/// Waits until `holds` returns true; false if it does not within `most`.
bool wait_until(const std::function<bool()>& holds, std::chrono::milliseconds most = patience);

class program {
public:
  /// Starts the program. `environment` is added to the test's environment. Throws
  /// `std::system_error` if the program cannot be started.
  explicit program(const std::vector<std::string>& arguments,
                   const std::map<std::string, std::string>& environment = {},
                   const std::string& path = program_path());
  ~program();
  program(const program&) = delete;
  program& operator=(const program&) = delete;

  void write(const std::string& text);
  void close_input();
  std::string out() const { return take(out_); }
  std::string err() const { return take(err_); }
  /// Waits until standard error contains the text; false if the program ends or the time is up
  /// first.
  bool says(const std::string& text);
  void signal(int number) const;
  pid_t pid() const noexcept { return pid_; }
  /// The exit code, 128 + n for signal n; -1 if the program does not end in time. Both outputs are
  /// complete then.
  int wait();

private:
  std::string take(const std::string& from) const {
    const std::lock_guard lock(mutex_);
    return from;
  }
  void collect(int descriptor, std::string& to);
  bool ended();

  pid_t pid_ = -1;
  int input_ = -1;
  int code_ = -1;
  mutable std::mutex mutex_;
  std::string out_, err_;
  std::vector<std::thread> readers_;
};

} // namespace dbengine::test
