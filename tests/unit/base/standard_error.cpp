// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A log whose reader stops, for a while or forever. Each test runs in a child process, because
// standard error belongs to the process.

#include <dbengine/standard_error.hpp>

#include "support/process/child.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <string>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

std::string read_all(int fd) {
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  std::string all;
  char block[4096];
  for (ssize_t n = 0; (n = ::read(fd, block, sizeof block)) > 0;)
    all.append(block, static_cast<std::size_t>(n));
  return all;
}

// Fills the file behind standard error, reads it, and writes once more. Returns 0 if each line is
// complete and the missing lines are counted.
int fill_and_read(int reader, int writer) {
  ::alarm(30); // ends a process that waits for its reader
  if (::dup2(writer, STDERR_FILENO) < 0)
    return 1;
  constexpr int lines = 20'000;
  const std::string rest(90, '.');
  for (int i = 0; i < lines; ++i)
    detail::write_to_standard_error("line " + std::to_string(i) + rest + "\n");
  auto text = read_all(reader);
  detail::write_to_standard_error("after\n");
  detail::write_to_standard_error("and after\n");
  text += read_all(reader);
  int next = 0;
  int dropped = -1;
  std::size_t from = 0;
  for (std::size_t end = 0; (end = text.find('\n', from)) != text.npos; from = end + 1) {
    const auto line = text.substr(from, end - from);
    if (line == "line " + std::to_string(next) + rest)
      ++next;
    else if (std::sscanf(line.c_str(), "(%d lines of the log were dropped", &dropped) == 1)
      continue;
    else if (line != "after" && line != "and after")
      return 2; // torn, or out of order
  }
  if (from != text.size() || text.find("and after\n") == text.npos)
    return 3;
  return next < lines && next + dropped == lines ? 0 : 4;
}

} // namespace

CAF_TEST(a full pipe drops lines and says how many) {
  CAF_CHECK_EQUAL(in_child([] {
                    int ends[2];
                    return ::pipe(ends) == 0 ? fill_and_read(ends[0], ends[1]) : 9;
                  }),
                  0);
}

CAF_TEST(a full socket drops lines and says how many) {
  CAF_CHECK_EQUAL(in_child([] {
                    int ends[2];
                    return ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0
                               ? fill_and_read(ends[0], ends[1])
                               : 9;
                  }),
                  0);
}

CAF_TEST(other writers of the same pipe wait as before) {
  CAF_CHECK_EQUAL(in_child([] {
                    int ends[2];
                    if (::pipe(ends) != 0 || ::dup2(ends[1], STDERR_FILENO) < 0)
                      return 1;
                    detail::write_to_standard_error("one\n");
                    return (::fcntl(ends[1], F_GETFL) & O_NONBLOCK) == 0 ? 0 : 2;
                  }),
                  0);
}
