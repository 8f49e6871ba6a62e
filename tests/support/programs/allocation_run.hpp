// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The parts of allocation_victim that count calls and print what was wrong.

#pragma once

#include "support/faults/failing_allocations.hpp"

#include <dbengine/error.hpp>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <string>

#include <unistd.h>

namespace dbengine::test {

inline void say(const std::string& line) {
  const auto all = line + "\n";
  if (::write(1, all.data(), all.size()) != static_cast<ssize_t>(all.size()))
    ::_exit(3);
}

/// The scope in which calls fail.
class phase {
public:
  explicit phase(long n) { begin_failing(n); }
  ~phase() { end(); }
  phase(const phase&) = delete;
  phase& operator=(const phase&) = delete;
  static void end() { end_failing(); }
};

/// Whether a wait for a deadline is wrong: true if only one allocation fails.
bool in_time = true;

/// One run of a phase: its input, and the count of wrong answers.
struct allocation_run {
  std::filesystem::path folder;
  std::string url;
  long n = 0;
  bool mutated = false;
  int wrong = 0;

  void is(bool right, const std::string& why) {
    if (right)
      return;
    const never_failing own;
    ++wrong;
    say("wrong " + std::to_string(n) + ": " + why);
  }
  /// Runs `f` and returns what it threw: nothing, an error of the engine, or bad_alloc as
  /// `too_big`.
  template <class F>
  error_info failure(const char* name, F&& f) {
    try {
      f();
      return {};
    } catch (const error& e) {
      const never_failing own;
      if (e.code() == errc::internal)
        is(false, std::string(name) + ": " + e.what());
      return e.info();
    } catch (const std::bad_alloc&) {
      const never_failing own;
      return {.code = errc::too_big, .outcome = outcome::unknown, .message = "bad_alloc"};
    } catch (const std::exception& e) {
      const never_failing own;
      is(false, std::string(name) + ": not an error of the engine: " + e.what());
      return {.code = errc::internal, .outcome = outcome::unknown};
    }
  }
};

} // namespace dbengine::test
