// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/import/import_loader.hpp"

#include <span>

namespace dbengine::app {

namespace {

constexpr const char* ignored_text = "ignored by the table: a trigger or a conflict clause";

bool is_records_fault(const error_info& e) noexcept {
  constexpr int mismatch = 20; // SQLite's code for text in an INTEGER PRIMARY KEY
  return e.code == errc::constraint || e.code == errc::bind || e.code == errc::type ||
         e.code == errc::range || e.code == errc::too_big ||
         (e.code == errc::sql && (e.extended_code & 0xff) == mismatch);
}

} // namespace

bool import_loader::load(import_batch b) {
  std::size_t begin = 0;
  while (begin < b.rows.size()) {
    const auto rest = b.rows.size() - begin;
    try {
      insert(b, begin, rest);
      break;
    } catch (const dbengine::error& e) {
      if (!is_records_fault(e.info()))
        throw;
      if (!e.index() || *e.index() >= rest) {
        if (!one_by_one(b, begin))
          return false;
        break;
      }
      insert(b, begin, *e.index());
      begin += *e.index();
      if (!refuse(b.lines[begin], e.message()))
        return false;
      ++begin;
    }
  }
  for (const auto& bad : b.bad)
    if (!refuse(bad.line, bad.why))
      return false;
  return true;
}

void import_loader::insert(const import_batch& b, std::size_t begin, std::size_t n) {
  if (n == 0)
    return;
  if (keeping_ == row_keeping::some)
    insert_each(b, begin, n);
  else
    insert_all(b, begin, n);
}

void import_loader::insert_all(const import_batch& b, std::size_t begin, std::size_t n) {
  const auto done = db_.execute_many(b.sql, std::span(b.rows).subspan(begin, n));
  const auto kept =
      keeping_ == row_keeping::uncounted ? n : static_cast<std::uint64_t>(done.changes);
  result_.imported += kept;
  if (kept >= n)
    return;
  // Another connection has just added a trigger: SQLite does not report which rows it ignores.
  result_.ignored += n - kept;
  report_(b.lines[begin], std::to_string(n - kept) + " of the records from here to line " +
                              std::to_string(b.lines[begin + n - 1]) + ": " + ignored_text);
}

// Inserts each row with its own statement in one transaction. The statement's change count shows
// whether the row was kept.
void import_loader::insert_each(const import_batch& b, std::size_t begin, std::size_t n) {
  std::vector<operation> steps;
  steps.reserve(n);
  for (std::size_t i = begin; i < begin + n; ++i)
    steps.push_back(operation::execute(b.sql, b.rows[i]));
  const auto done = db_.execute_transaction(steps);
  for (std::size_t i = 0; i < n; ++i)
    count(b.lines[begin + i], done[i].write().changes > 0);
}

// For failures that appear only at the end of a batch: deferred foreign keys.
bool import_loader::one_by_one(const import_batch& b, std::size_t begin) {
  for (std::size_t i = begin; i < b.rows.size(); ++i) {
    try {
      const auto done = db_.execute(b.sql, b.rows[i]);
      count(b.lines[i], keeping_ == row_keeping::uncounted || done.changes > 0);
    } catch (const dbengine::error& e) {
      if (!is_records_fault(e.info()))
        throw;
      if (!refuse(b.lines[i], e.message()))
        return false;
    }
  }
  return true;
}

void import_loader::count(std::uint64_t line, bool kept) {
  if (kept) {
    ++result_.imported;
    return;
  }
  ++result_.ignored;
  report_(line, ignored_text);
}

bool import_loader::refuse(std::uint64_t line, const std::string& why) {
  ++result_.bad;
  report_(line, why);
  result_.stopped = !settings_.skip_bad;
  return settings_.skip_bad;
}

} // namespace dbengine::app
