// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "serve/http/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>

#include <algorithm>

namespace dbengine::app::serve::http {

namespace {

namespace beast = boost::beast;
using beast::http::field;

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string to_string(beast::string_view text) {
  return {text.data(), text.size()};
}

// Framing that Beast accepts and this server refuses: a coding that only contains the word
// `chunked`, and a repeated length.
const char* wrong_framing(const beast::http::request<beast::http::empty_body>& r) {
  for (const auto f :
       {field::host, field::content_length, field::transfer_encoding, field::authorization})
    if (r.count(f) > 1)
      return "a field that may occur only once occurs twice";
  const auto coding = r.find(field::transfer_encoding);
  if (coding != r.end() && !beast::iequals(coding->value(), "chunked"))
    return "chunked is the only supported transfer coding";
  if (coding != r.end() && r.version() < 11)
    return "HTTP/1.0 has no transfer codings";
  const auto length = r.find(field::content_length);
  if (length != r.end() && !is_number({length->value().data(), length->value().size()}))
    return "Content-Length must be one number";
  return nullptr;
}

} // namespace

const connection::outcome& connection::consume(std::string_view bytes) {
  if (outcome_.index() != 0)
    return outcome_;
  bytes = bytes.substr(0, most_head_bytes - head_.size());
  head_ += bytes;
  for (;;) {
    const auto end = head_.find('\n', std::max(line_, head_.size() - bytes.size()));
    if (end == std::string::npos)
      break;
    const std::string_view line(head_.data() + line_, end + 1 - line_);
    line_ = end + 1;
    if (outcome_ = refuse_line(line); outcome_.index() != 0)
      return outcome_;
    if (line == "\r\n") {
      head_.resize(line_);
      return outcome_ = read_head();
    }
    ++lines_;
  }
  if (head_.size() >= most_head_bytes)
    outcome_ = refusal(431, "the head of the request is too long");
  return outcome_;
}

// Checks what only the raw lines show, because Beast joins or skips it.
connection::outcome connection::refuse_line(std::string_view line) {
  if (!line.ends_with("\r\n"))
    return refusal(400, "a line of the head does not end in CRLF");
  if (line.front() == ' ' || line.front() == '\t')
    return refusal(400, "folded headers are not supported");
  if (lines_ == 0 && line.size() == 2)
    return refusal(400, "the request line is missing");
  if (lines_ > most_fields && line.size() > 2)
    return refusal(431, "the request has too many headers");
  return {};
}

connection::outcome connection::read_head() const {
  beast::http::request_parser<beast::http::empty_body> parser;
  parser.header_limit(2 * most_head_bytes); // the limit is checked here
  // The router refuses a body, because it knows the page.
  parser.body_limit(boost::none);
  beast::error_code why;
  parser.put(boost::asio::buffer(head_), why);
  // The empty body refuses the bytes of a body; none are passed to it.
  if (why && !(why == beast::http::error::need_more && parser.is_header_done()))
    return refusal(400, "the head of the request is malformed: " + why.message());
  if (!parser.is_header_done())
    return refusal(400, "the head of the request is malformed");
  const auto& r = parser.get();
  if (const char* wrong = wrong_framing(r))
    return refusal(400, wrong);
  request out{.method = to_string(r.method_string()),
              .target = to_string(r.target()),
              .version = r.version(),
              .body = parser.chunked() || parser.content_length().value_or(0) > 0};
  if (const auto host = r.find(field::host); host != r.end())
    out.host = to_string(host->value());
  return out;
}

std::string wire(const answer& a, bool with_body) {
  const auto reason = beast::http::obsolete_reason(static_cast<beast::http::status>(a.status));
  std::string out = "HTTP/1.1 " + std::to_string(a.status) + " " + to_string(reason) +
                    "\r\nContent-Type: " + a.type +
                    "\r\nContent-Length: " + std::to_string(a.body.size()) +
                    "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
  for (const auto& [name, value] : a.fields)
    out.append(name).append(": ").append(value).append("\r\n");
  out += "Connection: close\r\n\r\n";
  if (with_body)
    out += a.body;
  return out;
}

} // namespace dbengine::app::serve::http
