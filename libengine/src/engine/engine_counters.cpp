// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/engine_counters.hpp"

#include <algorithm>
#include <variant>

namespace dbengine::engine {

namespace {

std::uint64_t rows_of(const write_result& x) {
  return static_cast<std::uint64_t>(x.changes);
}
std::uint64_t rows_of(const batch_result& x) {
  return static_cast<std::uint64_t>(x.changes);
}
std::uint64_t rows_of(const dbengine::rows& x) {
  return x.size();
}
std::uint64_t rows_of(const operation_result& x) {
  return x.is_rows() ? rows_of(x.rows()) : rows_of(x.write());
}
// A statement with RETURNING has both numbers, of the same rows.
std::uint64_t rows_of(const script_step& x) {
  return std::max(rows_of(x.written), rows_of(x.result));
}
template <class T>
std::uint64_t rows_of(const std::vector<T>& all) {
  std::uint64_t n = 0;
  for (const auto& x : all)
    n += rows_of(x);
  return n;
}
std::uint64_t rows_of(const script_result& x) {
  return rows_of(x.steps);
}
std::uint64_t rows_of(std::monostate) {
  return 0;
}

} // namespace

void engine_counters::count_answer(worker_counters& w, const request& r) {
  auto& c = w.of(r.statistics_class());
  c.count.add();
  if (r.failure) {
    c.errors.add();
    if (r.failure->code == errc::timeout)
      w.timeouts.add();
  }
  auto elapsed = r.job_elapsed;
  if (const auto* x = std::get_if<write_result>(&r.result))
    elapsed = x->elapsed;
  else if (const auto* b = std::get_if<batch_result>(&r.result))
    elapsed = b->elapsed;
  c.rows.add(
      r.failure ? 0 : r.job_rows + std::visit([](const auto& x) { return rows_of(x); }, r.result));
  if (elapsed.count() > 0) {
    c.run.record(elapsed);
    slow.offer(r.sql, elapsed);
  }
}

} // namespace dbengine::engine
