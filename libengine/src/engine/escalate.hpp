// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include <dbengine/options.hpp>

namespace dbengine::engine {

/// Calls `options::on_escalation`. An exception of that function is logged.
/// Thread safety: any thread. The caller holds no lock: the function is the host's.
void escalate(const options& o, const escalation& e) noexcept;

} // namespace dbengine::engine
