// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "serve/http_connection.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
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
  while (received_ < most_received && wait(POLLIN, until)) {
    const auto got = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
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
  return begin_ < end_ || wait(POLLIN, deadline_ - (most_time - most_read_time));
}

bool http_connection::is_writable() const {
  return wait(POLLOUT, deadline_);
}

ssize_t http_connection::read(char* to, size_t size) {
  if (begin_ == end_) {
    for (;;) {
      if (received_ >= most_received || !wait(POLLIN, deadline_ - (most_time - most_read_time)))
        return -1;
      const auto got = ::recv(socket_, buffer_.data(),
                              std::min(buffer_.size(), most_received - received_), MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR))
        continue;
      if (got <= 0)
        return got;
      begin_ = 0;
      end_ = static_cast<std::size_t>(got);
      received_ += end_;
      break;
    }
  }
  const auto n = std::min(size, end_ - begin_);
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
