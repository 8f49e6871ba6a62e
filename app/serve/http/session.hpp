// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The state of one connection of the HTTP server.
#pragma once

#include "serve/http/connection.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

namespace dbengine::app::serve::http {

/// The states of a connection. The listener sets each; all but `closed` end by their deadline at the
/// latest.
enum class stage {
  reading,   ///< set on accept; ends with the request or its refusal
  making,    ///< a page is created; ends with the answer
  writing,   ///< the answer is written; ends when all of it is sent
  lingering, ///< the answer is sent; ends when the client closes
  closed     ///< the socket is closed; terminal
};

/// A connection, its request and its answer.
/// Thread safety: the listener's thread, except `given_up`.
struct session {
  session(boost::asio::ip::tcp::socket s, std::uint64_t number)
      : id(number), socket(std::move(s)), timer(socket.get_executor()) {}

  const std::uint64_t id;
  boost::asio::ip::tcp::socket socket;
  boost::asio::steady_timer timer;
  std::chrono::steady_clock::time_point until{};
  stage at = stage::reading;
  connection http;
  bool with_body = true;
  /// Read by the thread that creates the page.
  std::shared_ptr<std::atomic<bool>> given_up = std::make_shared<std::atomic<bool>>(false);
  std::array<char, 4096> buffer{};
  std::string out;
  std::size_t dropped = 0; ///< bytes read and discarded while lingering
};

} // namespace dbengine::app::serve::http
