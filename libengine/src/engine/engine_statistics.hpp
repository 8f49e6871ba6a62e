// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include <dbengine/stats.hpp>

namespace dbengine::engine {

class engine;

/// Sums the counters of all workers, with queues, leases and files. The supervisor's and the
/// backups' parts are empty.
/// Thread safety: any thread.
dbengine::statistics sample_statistics(engine& e);

} // namespace dbengine::engine
