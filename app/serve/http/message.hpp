// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Requests and answers, independent of any HTTP library.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dbengine::app::serve::http {

/// A request whose head is well-formed. Its body, if any, is discarded: no page accepts one.
struct request {
  std::string method = {};
  /// As sent: "/healthz?x", "http://localhost:9187/healthz", "*".
  std::string target = {};
  /// 10 or 11, for HTTP/1.0 and HTTP/1.1.
  unsigned version = 11;
  std::optional<std::string> host = std::nullopt;
  /// Whether the head announces a non-empty body.
  bool body = false;
};

struct answer {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body = {};
  /// Fields besides those of every answer: fixed texts without line breaks.
  std::vector<std::pair<std::string, std::string>> fields = {};
};

/// A refusal whose body is one line with the reason.
answer refusal(int status, const std::string& why);

/// A page that the server offers at a path.
struct page {
  /// Called on any thread, concurrently; may block. An exception becomes status 500.
  std::function<answer()> make;
  /// Whether it is a probe, which has its own thread and a short deadline.
  bool probe = false;

  answer operator()() const { return make(); }
};

/// By path.
using pages = std::map<std::string, page>;

} // namespace dbengine::app::serve::http
