// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "serve/http/router.hpp"

#include "serve/address.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace dbengine::app::serve::http {

namespace {

// ASCII only: names and schemes are compared so in any locale.
std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// The form in which names are compared: in lower case and without the dot of the root.
std::string as_name(std::string_view host) {
  auto name = lower(host);
  if (name.size() > 1 && name.back() == '.')
    name.pop_back();
  return name;
}

// "LOCALHOST:9187" -> "localhost", "[::1]:9187" -> "::1"; empty if it is not a host with an
// optional port.
std::optional<std::string> host_of(std::string_view authority) {
  std::string_view host = authority, rest;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos ||
        authority.substr(0, end).find(':') == std::string_view::npos)
      return std::nullopt; // brackets are for IPv6 only
    host = authority.substr(1, end - 1);
    rest = authority.substr(end + 1);
  } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    rest = authority.substr(colon);
  }
  const auto digits = rest.empty() ? rest : rest.substr(1);
  const bool port =
      (rest.empty() || rest.front() == ':') &&
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  // User names before an '@' and lists are not part of an authority in HTTP (RFC 9110, 4.2.4).
  if (!port || host.find_first_of("@,/?#\\ \t") != std::string_view::npos)
    return std::nullopt;
  return as_name(host);
}

struct target {
  /// Of the absolute form.
  std::optional<std::string> authority;
  std::string path;
};

// "%68" -> "h"; an invalid escape stays unchanged.
std::string decoded(std::string_view path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    unsigned value = 0;
    const char* from = path.data() + i + 1;
    if (path[i] == '%' && i + 2 < path.size() &&
        std::from_chars(from, from + 2, value, 16).ptr == from + 2) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += path[i];
    }
  }
  return out;
}

// Parses the origin form and the absolute form (RFC 9112, 3.2); empty for any other form.
std::optional<target> read_target(std::string_view text) {
  static constexpr std::string_view scheme = "http://";
  target t;
  if (lower(text.substr(0, scheme.size())) == scheme) {
    text.remove_prefix(scheme.size());
    const auto end = std::min(text.find_first_of("/?"), text.size());
    t.authority = text.substr(0, end);
    if (t.authority->empty())
      return std::nullopt;
    text.remove_prefix(end);
  } else if (!text.starts_with('/')) {
    return std::nullopt;
  }
  const auto path = text.substr(0, text.find_first_of("?#"));
  t.path = path.empty() ? "/" : decoded(path);
  return t;
}

} // namespace

answer refusal(int status, const std::string& why) {
  return {.status = status, .body = why + "\n"};
}

router::router(std::string name, pages all) : name_(as_name(name)), pages_(std::move(all)) {}

bool router::known(const std::string& name) const {
  return is_ip(name) || name == "localhost" || name == name_;
}

std::variant<const page*, answer> router::route(const request& r) const {
  if (r.version >= 11 && !r.host)
    return refusal(400, "exactly one Host header is required");
  const auto where = read_target(r.target);
  if (!where)
    return refusal(400, "the target of the request is neither a path nor an http URL");
  // The target's authority takes precedence over Host (RFC 9112, 3.2.2). HTTP/1.0 may omit both;
  // browsers do not send it.
  const auto& authority = where->authority ? where->authority : r.host;
  if (authority) {
    const auto host = host_of(*authority);
    if (!host || (where->authority && r.host && !host_of(*r.host)))
      return refusal(400, "the host is not written as HOST or HOST:PORT");
    if (!known(*host))
      return refusal(421, "this server is not known by that name");
  }
  const auto found = pages_.find(where->path);
  if (found == pages_.end())
    return refusal(404, "there is no such page");
  if (r.method != "GET" && r.method != "HEAD") {
    auto no = refusal(405, "only GET and HEAD");
    no.fields.emplace_back("Allow", "GET, HEAD");
    return no;
  }
  if (r.body)
    return refusal(413, "no page accepts a body");
  return &found->second;
}

} // namespace dbengine::app::serve::http
