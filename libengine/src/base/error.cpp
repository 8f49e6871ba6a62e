// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include <dbengine/error.hpp>

#include <array>

namespace dbengine {

std::string_view to_string(errc code) noexcept {
  static constexpr std::array<std::string_view, 34> names{"none",
                                                          "invalid_url",
                                                          "invalid_option",
                                                          "cannot_open",
                                                          "not_a_database",
                                                          "corrupt",
                                                          "read_only",
                                                          "locked",
                                                          "bind",
                                                          "sql",
                                                          "constraint",
                                                          "busy",
                                                          "timeout",
                                                          "cancelled",
                                                          "overloaded",
                                                          "multiple_statements",
                                                          "empty_statement",
                                                          "not_allowed",
                                                          "type",
                                                          "range",
                                                          "no_column",
                                                          "too_big",
                                                          "disk_full",
                                                          "io",
                                                          "unavailable",
                                                          "poison",
                                                          "fenced",
                                                          "outcome_unknown",
                                                          "shut_down",
                                                          "forked",
                                                          "invalid_state",
                                                          "backup_failed",
                                                          "unreachable",
                                                          "protocol"};
  const auto i = static_cast<std::size_t>(code);
  return i < names.size() ? names[i] : "internal";
}

std::string_view to_string(outcome f) noexcept {
  switch (f) {
  case outcome::not_run: return "did not run";
  case outcome::rolled_back: return "was rolled back";
  case outcome::unknown: return "outcome unknown";
  case outcome::partially_applied: return "was kept in part";
  }
  return "outcome unknown";
}

std::string to_string(const error_info& info) {
  std::string s(to_string(info.code));
  s += ": ";
  s += info.message;
  std::string parts;
  auto part = [&parts](const std::string& p) { parts += (parts.empty() ? "" : ", ") + p; };
  if (info.extended_code != 0)
    part("SQLite code " + std::to_string(info.extended_code & 0xff) +
         (info.extended_code > 0xff ? "/" + std::to_string(info.extended_code) : ""));
  if (info.offset)
    part("at byte " + std::to_string(*info.offset));
  if (info.index)
    part("at index " + std::to_string(*info.index));
  if (info.outcome != outcome::not_run)
    part(std::string(to_string(info.outcome)));
  return parts.empty() ? s : s + " (" + parts + ")";
}

} // namespace dbengine
