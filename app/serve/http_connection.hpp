// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One connection of the HTTP server: bounded in bytes and in time.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <string>

#include <httplib.h>

namespace dbengine::app::serve {

/// Owns the socket. One thread. Reading fails after 16 KiB and after 2 s, writing 10 s after the connection was taken, both
/// soon after `ending` is set.
class http_connection : public httplib::Stream {
public:
  http_connection(socket_t socket, const std::atomic<bool>& ending);
  ~http_connection() override;
  http_connection(const http_connection&) = delete;
  http_connection& operator=(const http_connection&) = delete;

  /// Says that too much waits, without waiting for anything.
  void turn_away();
  /// Ends the answer, and takes what the peer still sends for a moment, so that closing does not undo the answer.
  void finish();

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* to, size_t size) override;
  ssize_t write(const char* from, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

private:
  using clock = std::chrono::steady_clock;
  bool wait(short events, clock::time_point until) const;
  ssize_t receive();

  const socket_t socket_;
  const std::atomic<bool>& ending_;
  const clock::time_point deadline_;
  std::string buffer_;    // what was read
  std::size_t begin_ = 0; // of what was not yet given
  bool head_done_ = false;
  std::size_t received_ = 0;
};

} // namespace dbengine::app::serve
