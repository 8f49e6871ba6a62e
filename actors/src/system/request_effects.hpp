// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Whether a request changes something, where the table says that its contents decide.
// Thread safety: plain functions.

#pragma once

#include "engine/maintenance.hpp"
#include "sqlite/sql_text.hpp"
#include "system/request_routes.hpp"

namespace dbengine::actors::system {

/// A fetch that is sent as one that may write. A fetch that may not can be sent again, and the
/// server reports if it would write after all. On that second way its sender's later writes would
/// overtake it, so only a text that looks like a read is sent that way.
inline bool may_change(const fetch_request& x) {
  return !x.options.read_only && (!x.options.id.empty() || sqlite::may_write(x.sql));
}
inline bool may_change(const maintenance_request& x) {
  return engine::maintenance::writes(x.what);
}
inline bool may_change(const prune_request& x) {
  return !x.dry_run;
}

/// A backup counts as a read: it changes no database.
template <class Request>
bool changes(const Request& x) {
  constexpr auto does = row_of<Request>::rule.does;
  if constexpr (does == effect::by_content)
    return may_change(x);
  else
    return (void)x, does == effect::writes;
}

} // namespace dbengine::actors::system
