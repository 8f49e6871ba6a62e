// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that a process that runs out of memory or threads at one point returns an error or works;
// it never exits, never hangs, and never answers wrongly. `bin/allocation_victim` makes the n-th
// allocation fail; these tests run it for each n.
//
// In the suite, n advances in strides from a random start, for a phase's share of the time;
// DBENGINE_ALLOCATIONS=all runs every n. Every failure prints the command that repeats it.

#include "support/engine/engine_fixture.hpp"
#include "support/process/program.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

struct tally {
  long runs = 0;
  long excused = 0; // failures inside CAF, which are allowed
  long ended = 0;   // processes that ended for lack of memory, in "while"
  long last = 0;    // the largest n reached
  std::vector<std::string> failures;
};

std::string victim() {
  const auto own = program_path(); // bin/dbengine
  return own.substr(0, own.rfind('/') + 1) + "allocation_victim";
}

// Runs one process from `n` on; returns false if the phase has no n-th call any more. Advances `n`
// past the last run.
bool go_on(tally& t, const std::string& phase, const std::string& what, long& n, long step,
           long runs, bool mutated) {
  const engine_folder folder;
  std::vector<std::string> words{
      (folder.path / "f").string(), phase, what, std::to_string(n), std::to_string(step),
      std::to_string(runs)};
  if (mutated)
    words.push_back("mutant");
  program p(words, {}, victim());
  const int code = p.wait();
  bool more = true;
  bool wrong = false;
  std::istringstream lines(p.out());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("wrong ")) {
      wrong = true;
      t.failures.push_back(phase + " " + what + ": " + line);
    } else if (line.starts_with("excused ")) {
      ++t.excused;
    } else if (line.starts_with("done ")) {
      more = false;
    } else {
      t.last = n = std::atol(line.c_str());
      ++t.runs;
    }
  }
  // CAF 0.17.6 can neither start nor end an actor without memory: it calls std::terminate, in
  // several threads at once if several have no memory ("recursively"). Before that, no answer may
  // be wrong and no call may hang.
  if (what == "while" && code == 134 &&
      (p.err().find("std::bad_alloc") != std::string::npos ||
       p.err().find("terminate called recursively") != std::string::npos))
    ++t.ended;
  // CAF's broker ends by the exception, and the end of the actor system waits for the broker
  // forever.
  else if (code == 142 &&
           p.err().find("name: basp-broker, exception typeid: St9bad_alloc") != std::string::npos)
    ++t.ended;
  else if (code != 0 && !(code == 1 && wrong))
    t.failures.push_back(phase + " " + what + " " + std::to_string(n) + ": ended with " +
                         std::to_string(code) + (code == 142 ? " (a hang)" : "") + " " + p.err());
  n += step;
  return more;
}

tally cover(const std::string& phase, const std::string& what, bool mutated = false) {
  const char* wish = std::getenv("DBENGINE_ALLOCATIONS");
  const bool all = wish != nullptr && std::string(wish) == "all";
  constexpr long stride = 97;
  static std::mt19937 random{std::random_device{}()};
  tally t;
  const auto enough = std::chrono::steady_clock::now() + 8s;
  const long begin = all ? 1 : std::uniform_int_distribution<long>(1, stride)(random);
  const long step = all || what == "thread" ? 1 : stride;
  // A run may take seconds while there is no memory, and a process is limited to a minute.
  const long runs = what == "while" ? 2 : 10;
  for (long n = what == "thread" ? 1 : begin; go_on(t, phase, what, n, step, runs, mutated) &&
                                              (all || std::chrono::steady_clock::now() < enough);) {
  }
  std::printf("%s, %s: %ld runs up to n = %ld, %ld of them CAF's own, %ld ended, %zu failures\n",
              phase.c_str(), what.c_str(), t.runs, t.last, t.excused, t.ended, t.failures.size());
  for (const auto& f : t.failures)
    std::printf("  %s\n", f.c_str());
  return t;
}

void check(const std::string& phase) {
  for (const char* what : {"once", "while", "thread"}) {
    const auto t = cover(phase, what);
    CAF_CHECK(t.runs > 0);
    CAF_CHECK_EQUAL(t.failures.size(), 0u);
  }
}

} // namespace

CAF_TEST(opening without memory or threads is an error) {
  check("open");
}

CAF_TEST(work without memory or threads is an error or done) {
  check("work");
}

CAF_TEST(a backup without memory or threads is an error or sound) {
  check("backup");
}

CAF_TEST(an end without memory or threads is an end) {
  check("close");
}

CAF_TEST(connecting without memory or threads is an error) {
  check("connect");
}

CAF_TEST(remote work without memory or threads is an error or done) {
  check("remote");
}

CAF_TEST(a row that is gone is found) { // negative control
  CAF_CHECK(!cover("work", "once", true).failures.empty());
}
