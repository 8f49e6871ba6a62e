// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What the messages consist of, beside the engine's own types.
// Thread rule: as codec.hpp.

#pragma once

#include "base/codec.hpp"

#include <dbengine/actors/messages.hpp>

namespace dbengine {

void describe(auto& a, call_options& x) {
  a(x.timeout, x.priority, x.id, x.cancel_token, x.read_only, x.max_result_bytes);
}
void describe(auto& a, execute_request& x) {
  a(x.sql, x.parameters, x.options);
}
void describe(auto& a, fetch_request& x) {
  a(x.sql, x.parameters, x.options);
}
void describe(auto& a, batch_request& x) {
  a(x.sql, x.sets, x.options);
}
void describe(auto& a, transaction_request& x) {
  a(x.operations, x.options);
}
void describe(auto& a, script_request& x) {
  a(x.sql, x.mode, x.options);
  if (x.mode > script_mode::continue_on_error)
    throw error(errc::protocol, "a message cannot be read: a script's mode is unknown");
}
void describe(auto& a, cursor_open& x) {
  a(x.sql, x.parameters, x.options);
}
void describe(auto& a, cursor_id& x) {
  a(x.number);
}
void describe(auto& a, cursor_next& x) {
  a(x.id, x.batch, x.timeout);
}
void describe(auto& a, cursor_close& x) {
  a(x.id);
}
void describe(auto& a, cancel_request& x) {
  a(x.cancel_token);
}
void describe(auto& a, maintenance_request& x) {
  a(x.what, x.argument, x.setting, x.options);
}
void describe(auto& a, maintenance_result& x) {
  a(x.problems, x.checkpoint);
}
void describe(auto& a, backup_request& x) {
  a(x.options);
}
void describe(auto& a, backup_to_request& x) {
  a(x.target, x.options);
}
void describe(auto& a, verify_request& x) {
  a(x.path, x.options);
}
void describe(auto& a, verify_report& x) {
  a(x.ok, x.problems, x.pages, x.sha256, x.has_manifest);
}
void describe(auto& a, retention_policy& x) {
  a(x.keep_count, x.max_age, x.max_bytes);
}
void describe(auto& a, prune_request& x) {
  a(x.policy, x.dry_run, x.options);
}
void describe(auto& a, prune_report& x) {
  a(x.skipped, x.kept, x.removed, x.in_use);
}
void describe(auto& a, transaction_result& x) {
  a(x.results);
}

} // namespace dbengine
