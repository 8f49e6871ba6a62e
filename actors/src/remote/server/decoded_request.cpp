// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/server/decoded_request.hpp"

#include "base/fault.hpp"
#include "system/message_codec.hpp"

#include <dbengine/defaults.hpp>

#include <sqlite3.h>

#include <charconv>
#include <string>

namespace dbengine::actors::remote {

namespace {

// SQLite's default (sqlite.org/limits.html, 9).
constexpr std::size_t usual_parameters = 32'766;

std::size_t built_with() noexcept {
  constexpr std::string_view name = "MAX_VARIABLE_NUMBER=";
  for (int i = 0; const char* option = sqlite3_compileoption_get(i); ++i) {
    const std::string_view text = option;
    std::size_t n = 0;
    if (text.substr(0, name.size()) == name &&
        std::from_chars(text.data() + name.size(), text.data() + text.size(), n).ec == std::errc())
      return n;
  }
  return usual_parameters;
}

} // namespace

std::size_t max_parameters() noexcept {
  static const std::size_t n = built_with();
  return n;
}

bool carries_statements(wire_kind k) noexcept {
  bool does = false;
  system::visit_kind(k, [&]<class Row>(Row) { does = Row::rule.statements; });
  return does;
}

decoded_request decode_request(wire_kind k, std::string_view body, bool large) {
  base::decoder d(body, defaults::wire_decoded_bytes);
  if (!DBENGINE_MUTANT("takes any number of parameters"))
    d.bound_parameters(max_parameters());
  if (large)
    d.share_processor();
  decoded_request r;
  std::int64_t timeout = 0;
  std::uint8_t may_write = 0;
  bool found = false;
  system::visit_kind(k, [&]<class Row>(Row) {
    if constexpr (Row::rule.statements) {
      found = true;
      auto& x = r.what.emplace<typename Row::request>();
      if constexpr (std::is_same_v<typename Row::request, fetch_request>)
        d(timeout, x, may_write);
      else
        d(timeout, x);
    }
  });
  if (!found)
    throw error(errc::internal, "a request without statements");
  d.end();
  r.timeout = std::chrono::milliseconds(timeout);
  r.may_write = may_write != 0;
  return r;
}

} // namespace dbengine::actors::remote
