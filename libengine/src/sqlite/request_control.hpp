// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The limits of one request while it runs.
// Thread safety: see each member; the thread that runs the request uses all of them.

#pragma once

#include "sqlite/commit_permit.hpp"
#include "sqlite/deadline.hpp"
#include "sqlite/result_budget.hpp"

#include <chrono>
#include <stop_token>
#include <utility>

namespace dbengine::sqlite {

/// The deadline, commit permit and result budget of one request.
struct request_control {
  request_control() = default;
  /// `timeout` counts from the first check.
  request_control(std::chrono::milliseconds timeout, std::stop_token cancel)
      : deadline(timeout, std::move(cancel)) {}
  request_control(clock::time_point at, std::stop_token cancel) : deadline(at, std::move(cancel)) {}

  sqlite::deadline deadline;
  commit_permit commit;
  result_budget results;
};

} // namespace dbengine::sqlite
