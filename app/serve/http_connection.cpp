// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "serve/http_connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dbengine::app::serve {

namespace {

using namespace std::chrono_literals;

/// A request line and headers of any sane client.
constexpr std::size_t most_received = 16 * 1024;
/// From the thread to the last byte of the request: who sends nothing keeps a thread no longer.
constexpr auto most_read_time = 2s;
/// From the thread to the last byte of the answer; a scrape takes milliseconds.
constexpr auto most_time = 10s;
/// How often a connection looks whether the server ends.
constexpr auto look_interval = 100ms;
constexpr auto linger = 200ms;
constexpr std::size_t read_size = 4096;

// httplib makes a copy of the answer for each range that a request names, and a request may name thousands. Answering
// with the whole page is what HTTP allows.
void drop_ranges(std::string& head) {
  static constexpr std::string_view name = "range:";
  for (auto at = head.find('\n'); at != std::string::npos;) {
    const auto end = head.find('\n', at + 1);
    if (::strncasecmp(head.c_str() + at + 1, name.data(), name.size()) != 0)
      at = end;
    else
      head.erase(at + 1, end - at); // the rest where no line ends
  }
}

} // namespace

http_connection::http_connection(socket_t socket, const std::atomic<bool>& ending)
    : socket_(socket), ending_(ending), deadline_(clock::now() + most_time) {
  // Waiting is done by poll alone, whatever another process does to the bytes.
  ::fcntl(socket_, F_SETFL, ::fcntl(socket_, F_GETFL) | O_NONBLOCK);
}

http_connection::~http_connection() {
  ::close(socket_);
}

void http_connection::turn_away() {
  static constexpr std::string_view text =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  // Best effort: who floods may miss it.
  static_cast<void>(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0);
}

void http_connection::finish() {
  ::shutdown(socket_, SHUT_WR);
  const auto until = std::min(deadline_, clock::now() + linger);
  std::array<char, read_size> some{};
  while (received_ < most_received && wait(POLLIN, until)) {
    const auto got = ::recv(socket_, some.data(), some.size(), MSG_DONTWAIT);
    if (got <= 0)
      return;
    received_ += static_cast<std::size_t>(got);
  }
}

bool http_connection::wait(short events, clock::time_point until) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now());
    if (left <= 0ms || ending_)
      return false;
    pollfd polled{socket_, events, 0};
    const int n = ::poll(&polled, 1,
                         static_cast<int>(std::min<std::int64_t>(
                             left.count(), std::chrono::milliseconds(look_interval).count())));
    if (n > 0)
      return true;
    if (n < 0 && errno != EINTR)
      return false;
  }
}

bool http_connection::is_readable() const {
  return begin_ < buffer_.size() || wait(POLLIN, deadline_ - (most_time - most_read_time));
}

bool http_connection::is_writable() const {
  return wait(POLLOUT, deadline_);
}

// As recv, with waiting.
ssize_t http_connection::receive() {
  for (;;) {
    if (received_ >= most_received || !wait(POLLIN, deadline_ - (most_time - most_read_time)))
      return -1;
    std::array<char, read_size> some{};
    const auto got = ::recv(socket_, some.data(), std::min(some.size(), most_received - received_),
                            MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      continue;
    if (got > 0) {
      received_ += static_cast<std::size_t>(got);
      buffer_.append(some.data(), static_cast<std::size_t>(got));
    }
    return got;
  }
}

ssize_t http_connection::read(char* to, size_t size) {
  // The head comes as a whole, or not at all.
  while (!head_done_) {
    if (const auto got = receive(); got <= 0)
      return got;
    if (buffer_.find("\n\r\n") != std::string::npos) {
      drop_ranges(buffer_);
      head_done_ = true;
    }
  }
  if (begin_ == buffer_.size()) {
    buffer_.clear();
    begin_ = 0;
    if (const auto got = receive(); got <= 0)
      return got;
  }
  const auto n = std::min(size, buffer_.size() - begin_);
  std::memcpy(to, buffer_.data() + begin_, n);
  begin_ += n;
  return static_cast<ssize_t>(n);
}

// All or nothing: httplib takes less for a failure.
ssize_t http_connection::write(const char* from, size_t size) {
  for (std::size_t done = 0; done < size;) {
    if (!wait(POLLOUT, deadline_))
      return -1;
    const auto sent = ::send(socket_, from + done, size - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0)
      done += static_cast<std::size_t>(sent);
    else if (sent < 0 && errno != EAGAIN && errno != EINTR)
      return -1;
  }
  return static_cast<ssize_t>(size);
}

// Nobody asks who the peer is.
void http_connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void http_connection::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

} // namespace dbengine::app::serve
