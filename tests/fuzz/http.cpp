// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The fuzz target `http`: HTTP requests.

#include "serve/http/connection.hpp"
#include "serve/http/router.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "target.hpp"

namespace dbengine::fuzz {

namespace {

using namespace app::serve::http;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

// Reads an accepted head again, line by line: no reader may understand another request.
void check_head(std::string_view head) {
  require(head.size() <= most_head_bytes, "a head is not longer than its limit");
  std::map<std::string, std::string> once;
  std::size_t lines = 0;
  for (auto line_end = head.find("\r\n"); line_end != 0;
       head.remove_prefix(line_end + 2), line_end = head.find("\r\n"), ++lines) {
    const auto line = head.substr(0, line_end);
    require(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
            "a line has no byte that others end it at");
    if (lines == 0) {
      require(std::count(line.begin(), line.end(), ' ') == 2 &&
                  (line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0")),
              "a request line has three parts");
      continue;
    }
    const auto colon = line.find(':');
    require(colon != std::string_view::npos && colon > 0, "a header has a name");
    const auto name = lower(line.substr(0, colon));
    require(name.find_first_of(" \t") == std::string::npos,
            "a header is not folded and its name has no blank");
    const bool fresh = once.emplace(name, trimmed(line.substr(colon + 1))).second;
    for (const char* single : {"host", "content-length", "transfer-encoding", "authorization"})
      require(fresh || name != single, "there is one " + name);
  }
  require(lines <= 1 + most_fields, "the headers are not more than their limit");
  const auto coding = once.find("transfer-encoding"), length = once.find("content-length");
  if (coding != once.end())
    require(lower(coding->second) == "chunked" && length == once.end(),
            "a body that is chunked is nothing else");
  if (length != once.end())
    require(!length->second.empty() &&
                length->second.find_first_not_of("0123456789") == std::string::npos,
            "a length is one number");
}

// Checks the single answer that is sent.
void check_wire(const answer& a) {
  const auto bytes = wire(a, true);
  const auto end = bytes.find("\r\n\r\n");
  require(bytes.starts_with("HTTP/1.1 " + std::to_string(a.status) + " ") &&
              bytes.substr(end + 4) == a.body &&
              bytes.find("\r\nContent-Length: " + std::to_string(a.body.size()) + "\r\n") < end,
          "an answer has one head and the body that it announces");
  require(wire(a, false) == bytes.substr(0, end + 4), "HEAD is answered with the same head");
}

void check_route(const request& r) {
  static const router paths("my.host", {{"/healthz", {.make = [] { return answer(); }}}});
  const auto way = paths.route(r);
  if (const auto* no = std::get_if<answer>(&way)) {
    static constexpr int refusals[] = {400, 404, 405, 413, 421};
    require(std::find(std::begin(refusals), std::end(refusals), no->status) != std::end(refusals),
            "a refusal has one of its codes");
    return check_wire(*no);
  }
  require(!r.body && (r.method == "GET" || r.method == "HEAD"), "a page is only read");
  auto host = lower(r.target).starts_with("http://") ? lower(r.target).substr(7)
                                                     : lower(r.host.value_or(""));
  require(host.starts_with("localhost") || host.starts_with("my.host") || host.starts_with('[') ||
              (!host.empty() && host[0] >= '0' && host[0] <= '9') ||
              (r.version == 10 && !r.host && r.target.starts_with('/')),
          "no page is given under a foreign name: " + host);
}

bool same(const connection::outcome& a, const connection::outcome& b) {
  if (a.index() != b.index())
    return false;
  if (const auto* x = std::get_if<request>(&a)) {
    const auto& y = std::get<request>(b);
    return x->method == y.method && x->target == y.target && x->version == y.version &&
           x->host == y.host && x->body == y.body;
  }
  const auto* x = std::get_if<answer>(&a);
  return x == nullptr ||
         (x->status == std::get<answer>(b).status && x->body == std::get<answer>(b).body);
}

} // namespace

void http(std::string_view input) {
  std::string bytes(input);
  if (is_mutant("http")) // the mutant: folded lines are joined, as HTTP once allowed
    for (std::size_t at = 0; (at = bytes.find("\r\n ", at)) != std::string::npos;)
      bytes.replace(at, 3, " ");
  connection whole, pieces;
  const auto& outcome = whole.consume(bytes);
  for (const char& c : bytes)
    pieces.consume({&c, 1});
  require(same(outcome, pieces.consume({})), "bytes mean the same in one piece and one by one");
  if (outcome.index() == 0)
    return require(input.size() < most_head_bytes &&
                       input.find("\r\n\r\n") == std::string_view::npos,
                   "a head with an end has an outcome");
  const auto before = outcome;
  require(same(before, whole.consume("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")),
          "what follows a request is no request");
  if (const auto* no = std::get_if<answer>(&outcome)) {
    check_wire(*no);
  } else {
    check_head(input.substr(0, input.find("\r\n\r\n") + 4));
    check_route(std::get<request>(outcome));
  }
}

} // namespace dbengine::fuzz

DBENGINE_FUZZ_TARGET(http)
