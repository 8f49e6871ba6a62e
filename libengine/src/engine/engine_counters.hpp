// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "engine/counters.hpp"
#include "engine/request.hpp"
#include "engine/slow_log.hpp"

namespace dbengine::engine {

/// The counters of the write connection and the slowest statements of an engine.
/// Thread safety: `writer` is written by the holder of the writer lock and read by any thread.
struct engine_counters {
  worker_counters writer;
  slow_log slow;

  /// Counts an answered request in `w`, with its rows and its time.
  void count_answer(worker_counters& w, const request& r);
};

} // namespace dbengine::engine
