// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The answers that a process got, recorded so that kill -9 does not lose them: fixed-size records,
// each appended by one write.
// Thread safety: `append` from any thread; `read` after the writing process has ended.

#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <string>
#include <unistd.h>
#include <vector>

namespace dbengine::test {

struct ack {
  enum said : std::int32_t { done = 1, not_done = 2, either = 3 };
  std::int32_t client;
  std::int32_t verdict;
  std::int64_t number;
};

/// Requests that a client may have in flight at once. At most this many requests after its last ack
/// may be in the file or not.
inline constexpr std::int64_t ack_window = 4;
/// Clients up to this number repeat their last request, by its id, after a restart.
inline constexpr int repeating_clients = 2;

class ack_file {
public:
  explicit ack_file(const std::filesystem::path& path)
      : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
    if (fd_ < 0)
      fail();
  }
  ack_file(const ack_file&) = delete;
  ack_file& operator=(const ack_file&) = delete;
  ~ack_file() { ::close(fd_); }

  void append(const ack& a) const {
    if (::write(fd_, &a, sizeof a) != static_cast<ssize_t>(sizeof a))
      fail();
  }

  /// Acks by client, then by number. If a number has several acks, the last one counts.
  static std::map<int, std::map<std::int64_t, std::int32_t>> read(
      const std::filesystem::path& path) {
    std::map<int, std::map<std::int64_t, std::int32_t>> all;
    if (std::FILE* f = std::fopen(path.c_str(), "rb")) {
      for (ack a{}; std::fread(&a, sizeof a, 1, f) == 1;)
        all[a.client][a.number] = a.verdict;
      std::fclose(f);
    }
    return all;
  }

private:
  [[noreturn]] static void fail() {
    std::perror("the file of acknowledgements");
    std::_Exit(3);
  }
  int fd_;
};

} // namespace dbengine::test
