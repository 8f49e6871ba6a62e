// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection/statement_cost.hpp"

#include "sqlite/deadline.hpp"

#include <dbengine/defaults.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <climits>

namespace dbengine::sqlite {

bool is_cheap(const prepared& p) noexcept {
  return p.max_steps <= defaults::short_steps && p.max_bytes <= defaults::short_bytes;
}

// SQLite counts the steps of a statement over all its runs, and reading the count takes a hundredth
// of a point read. After the first runs the count is read once in eight runs, for their mean. A run
// in which the progress handler was called twice is not cheap, whatever the mean is.
void record_cost(prepared& p, std::size_t bytes, const deadline& d) noexcept {
  constexpr unsigned each = 8;
  p.max_bytes = std::max(p.max_bytes, bytes);
  if (d.was_checked_again())
    p.max_steps = std::max(p.max_steps, defaults::progress_steps);
  ++p.runs_since_sample;
  if (p.runs >= each && p.runs_since_sample < each)
    return;
  if (p.runs < each)
    ++p.runs;
  const int steps = sqlite3_stmt_status(p.stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
  const auto grown = static_cast<unsigned>(steps) - static_cast<unsigned>(p.steps_at_sample);
  p.max_steps = std::max(
      p.max_steps, static_cast<int>(std::min<unsigned>(grown / p.runs_since_sample, INT_MAX)));
  p.steps_at_sample = steps;
  p.runs_since_sample = 0;
}

} // namespace dbengine::sqlite
