// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cli/exit_code.hpp"

namespace dbengine::app {

exit_code to_exit_code(errc code) noexcept {
  switch (code) {
  case errc::none: return exit_code::ok;
  case errc::invalid_url:
  case errc::invalid_option: return exit_code::usage;
  case errc::not_a_database:
  case errc::corrupt: return exit_code::corrupt;
  case errc::locked:
  case errc::busy:
  case errc::timeout:
  case errc::overloaded:
  case errc::unavailable: return exit_code::busy;
  case errc::unreachable:
  case errc::protocol: return exit_code::unreachable;
  case errc::cancelled: return exit_code::interrupted;
  case errc::cannot_open:
  case errc::read_only:
  case errc::bind:
  case errc::sql:
  case errc::constraint:
  case errc::multiple_statements:
  case errc::empty_statement:
  case errc::not_allowed:
  case errc::type:
  case errc::range:
  case errc::no_column:
  case errc::too_big:
  case errc::disk_full:
  case errc::io:
  case errc::poison:
  case errc::fenced:
  case errc::outcome_unknown:
  case errc::shut_down:
  case errc::forked:
  case errc::invalid_state:
  case errc::backup_failed:
  case errc::internal: return exit_code::data;
  }
  return exit_code::data;
}

} // namespace dbengine::app
