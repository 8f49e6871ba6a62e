// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What is asked and answered, free of any HTTP library.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dbengine::app::serve::http {

/// A request whose head is well-formed. Its body, if any, is not kept: no page takes one.
struct request {
  std::string method = {};
  /// As sent: "/healthz?x", "http://localhost:9187/healthz", "*".
  std::string target = {};
  /// 10 or 11, for HTTP/1.0 and HTTP/1.1.
  unsigned version = 11;
  std::optional<std::string> host = std::nullopt;
  /// Whether the head announces at least a byte of a body.
  bool body = false;
};

struct answer {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body = {};
  /// Fields beside those that every answer has: fixed texts without line breaks.
  std::vector<std::pair<std::string, std::string>> fields = {};
};

/// A refusal with its reason as a line of text.
answer refusal(int status, const std::string& why);

/// What a path leads to.
struct page {
  /// Called on any thread, on several at once; may block. What it throws becomes status 500.
  std::function<answer()> make;
  /// Whether it is a probe, which has a thread of its own and a short deadline.
  bool probe = false;

  answer operator()() const { return make(); }
};

/// By path.
using pages = std::map<std::string, page>;

} // namespace dbengine::app::serve::http
