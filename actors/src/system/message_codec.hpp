// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The fields of the results that the codec does not list. Requests list their own, in messages.hpp.
// Thread safety: as codec.hpp.

#pragma once

#include "base/codec.hpp"

#include <dbengine/actors/messages.hpp>

namespace dbengine {

void describe(auto& a, maintenance_result& x) {
  a(x.problems, x.checkpoint);
}
void describe(auto& a, verify_report& x) {
  a(x.ok, x.problems, x.pages, x.sha256, x.has_manifest);
}
void describe(auto& a, retention_policy& x) {
  a(x.keep_count, x.max_age, x.max_bytes);
}
void describe(auto& a, prune_report& x) {
  a(x.skipped, x.kept, x.removed, x.in_use);
}

} // namespace dbengine
