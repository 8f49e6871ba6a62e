// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An HTTP server for a few small pages that nobody can exhaust.
#pragma once

#include "serve/address.hpp"
#include "serve/http/message.hpp"

#include <memory>

namespace dbengine::app::serve::http {

/// Serves pages at one address, one request per connection. Connections are read and written on one thread, without waiting for any;
/// pages are made on others, probes on one of their own. Bounded in connections, bytes and time:
/// - 256 connections. One more takes the place of one that has its answer, else of the oldest that has not sent its request, which is told
///   503. 192 may be answered at a time; one more takes the place of the oldest that does not read its answer.
/// - A head of 16 KiB and 64 fields within 5 s. An answer is made within 10 s, a probe's within 2 s, else it is 503; it is read within 10 s.
/// - Four pages are made at once and 16 wait, one probe and 64; more are told 503.
/// Accepting goes on, whatever the machine has too little of.
/// Thread rule: one thread makes and destroys it.
class listener {
public:
  /// Listens; throws `data_error` where it cannot. Pages are served at once.
  listener(const address& at, pages all);
  /// Closes every connection. Waits for the pages that are being made.
  ~listener();
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  /// With the port that was taken.
  const address& where() const noexcept { return where_; }

private:
  class impl;
  address where_;
  std::unique_ptr<impl> impl_;
};

} // namespace dbengine::app::serve::http
