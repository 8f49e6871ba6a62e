// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/statements/run_statement.hpp"

#include "data/statements/statement_kind.hpp"
#include "ui/text.hpp"

#include <optional>

namespace dbengine::app {

namespace {

using clock = std::chrono::steady_clock;

std::uint64_t write_rows(const rows& r, row_writer& to) {
  for (const auto& one : r)
    to.add(one);
  return r.size();
}

std::uint64_t fetch(const request_view& db, const std::string& sql, const params& p,
                    row_writer& to) {
  const rows r = db.fetch(sql, p);
  to.begin(r.columns());
  const auto n = write_rows(r, to);
  to.end();
  return n;
}

std::uint64_t stream(const request_view& db, const std::string& sql, const params& p,
                     row_writer& to) {
  std::optional<cursor> from;
  rows batch;
  try {
    from = db.cursor(sql, p);
    batch = from->next();
  } catch (const error& e) {
    // A server limits the number of cursors. A small result does not need one.
    if (e.code() != errc::overloaded)
      throw;
    return fetch(db, sql, p, to);
  }
  to.begin(batch.columns());
  std::uint64_t n = 0;
  for (; !batch.empty(); batch = from->next())
    n += write_rows(batch, to);
  to.end();
  return n;
}

} // namespace

std::string statement_report::text() const {
  return ui::grouped(rows) + (rows == 1 ? " row" : " rows") + (wrote ? " changed in " : " in ") +
         ui::duration_text(elapsed);
}

statement_report run_statement(const request_view& db, const std::string& sql, const params& p,
                               row_writer& to) {
  const auto kind = kind_of(sql);
  if (kind == statement_kind::writes) {
    const auto done = db.execute(sql, p);
    return {
        .wrote = true, .rows = static_cast<std::uint64_t>(done.changes), .elapsed = done.elapsed};
  }
  const auto start = clock::now();
  const auto n = kind == statement_kind::reads ? stream(db, sql, p, to) : fetch(db, sql, p, to);
  return {.rows = n, .elapsed = clock::now() - start};
}

} // namespace dbengine::app
