// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
#include "guard/transport.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace dbengine::actors::guard {

namespace {

constexpr char tls_handshake_record = 0x16;

class tcp_transport final : public transport {
public:
  explicit tcp_transport(int socket) : socket_(socket) {}

  io_status read(char* to, std::size_t size, std::size_t& count) override {
    auto got = ::recv(socket_, to, size, MSG_DONTWAIT);
    if (got == 0)
      return io_status::closed;
    if (got < 0)
      return failed();
    if (first_) {
      first_ = false;
      if (to[0] == tls_handshake_record) {
        failure_ = close_reason::tls_unexpected;
        return io_status::failed;
      }
    }
    count = static_cast<std::size_t>(got);
    return io_status::done;
  }

  io_status write(const char* from, std::size_t size, std::size_t& count) override {
    auto put = ::send(socket_, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put < 0)
      return failed();
    count = static_cast<std::size_t>(put);
    return io_status::done;
  }

  bool established() const override { return true; }
  bool has_buffered() const override { return false; }
  close_reason failure() const override { return failure_; }

private:
  io_status failed() const {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
      return io_status::would_block;
    return errno == ECONNRESET || errno == EPIPE ? io_status::closed : io_status::failed;
  }

  int socket_;
  bool first_ = true;
  close_reason failure_ = close_reason::io_failed;
};

} // namespace

std::unique_ptr<transport> make_tcp_transport(int socket) {
  return std::make_unique<tcp_transport>(socket);
}

} // namespace dbengine::actors::guard
