// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "shell/plain_lines.hpp"

#include <cerrno>
#include <system_error>

#include <poll.h>
#include <unistd.h>

namespace dbengine::app::shell {

input plain_lines::next(const std::string&, std::string& line) {
  constexpr std::size_t read_size = 64 * 1024;
  std::size_t scanned = begin_;
  for (;;) {
    const auto found = buffer_.find('\n', scanned);
    if (found != std::string::npos || (at_end_ && begin_ < buffer_.size())) {
      const auto end = std::min(found, buffer_.size());
      line.assign(buffer_, begin_, end - begin_);
      begin_ = std::min(end + 1, buffer_.size());
      if (line.ends_with('\r'))
        line.pop_back();
      if (first_ && line.starts_with("\xef\xbb\xbf"))
        line.erase(0, 3);
      first_ = false;
      return input::line;
    }
    if (at_end_)
      return input::end;
    scanned = buffer_.size() - begin_;
    buffer_.erase(0, begin_);
    begin_ = 0;
    pollfd polled[2] = {{STDIN_FILENO, POLLIN, 0}, {signals_.descriptor(), POLLIN, 0}};
    if (::poll(polled, 2, -1) < 0 && errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "poll");
    if (polled[1].revents != 0)
      return input::interrupted;
    if (polled[0].revents == 0)
      continue;
    const auto old = buffer_.size();
    buffer_.resize(old + read_size);
    const auto got = ::read(STDIN_FILENO, buffer_.data() + old, read_size);
    const int code = errno;
    buffer_.resize(old + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got < 0 && code != EINTR && code != EAGAIN)
      throw std::system_error(code, std::generic_category(), "cannot read standard input");
    at_end_ = got == 0;
  }
}

} // namespace dbengine::app::shell
