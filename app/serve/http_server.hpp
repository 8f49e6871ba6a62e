// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An HTTP server for a few small pages that nobody can exhaust.
#pragma once

#include "serve/address.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace dbengine::app::serve {

struct page {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body = {};
};

/// Makes a page; called on several threads at once. What it throws becomes status 500.
using page_maker = std::function<page()>;

/// GET and HEAD of fixed paths. Bounded in everything: threads, connections that wait, bytes of a request, the time from
/// accept to the end of the answer; one request per connection. A Host header that is neither an address, nor localhost, nor the
/// name it was told to listen at is refused (DNS rebinding).
class http_server {
public:
  /// Listens; throws `data_error` where it cannot. Pages are served at once.
  http_server(const address& at, std::map<std::string, page_maker> pages);
  /// Stops; answers that are under way are given up.
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  /// With the port that was taken.
  const address& where() const noexcept { return where_; }
  /// False where it has stopped accepting by itself, which the log tells.
  bool alive() const noexcept;

private:
  class impl;
  address where_;
  std::unique_ptr<impl> impl_;
};

} // namespace dbengine::app::serve
