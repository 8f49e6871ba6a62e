// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A program that runs beside the test: its input is written, its output watched, signals sent.
// Thread safety: one thread.
// Ownership: the program is killed with the object.

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

/// Generous: a machine under load is slow, and nothing asks how fast a program is.
inline constexpr std::chrono::seconds patience{60};

/// Waits until `holds` does; false if it does not in time.
bool wait_until(const std::function<bool()>& holds, std::chrono::milliseconds most = patience);

class program {
public:
  /// `environment` comes beside that of the test. Throws `std::system_error` if it cannot be
  /// started.
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
  /// Waits until standard error holds the text; false if the program ends or the time is up
  /// before.
  bool says(const std::string& text);
  void signal(int number) const;
  pid_t pid() const noexcept { return pid_; }
  /// Its exit code, 128 + n for signal n; -1 where it does not end in time. Both outputs are
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
