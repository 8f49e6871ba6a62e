// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An HTTP server for a few small pages that clients cannot exhaust.
#pragma once

#include "serve/address.hpp"
#include "serve/http/message.hpp"

#include <memory>

namespace dbengine::app::serve::http {

/// An HTTP server that serves pages at one address, one request per connection.
/// One thread reads and writes all connections without blocking. Other threads create the pages, a
/// separate one the probes. Connections, bytes and time are bounded:
/// - 256 connections. One more replaces the oldest connection that has its answer. If there is
///   none, it replaces the oldest one that has not sent its request, which is answered with 503.
/// - 192 answers at a time. One more replaces the oldest connection that does not read its answer.
/// - A head of 16 KiB and 64 fields within 5 s. An answer is created within 10 s, that of a probe
///   within 2 s; otherwise the answer is 503. The client reads it within 10 s.
/// - Four pages are created at once and 16 wait; one probe and 64. More are answered with 503.
/// Accepting continues whatever resource the machine lacks.
/// Thread safety: one thread creates and destroys it.
class listener {
public:
  /// Listens and serves pages at once.
  /// Errors: `data_error` if it cannot listen.
  listener(const address& at, pages all);
  /// Closes every connection. Waits for the pages that are being created.
  ~listener();
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  /// The address with the actual port.
  const address& where() const noexcept { return where_; }

private:
  class impl;
  address where_;
  std::unique_ptr<impl> impl_;
};

} // namespace dbengine::app::serve::http
