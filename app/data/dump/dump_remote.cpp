// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/dump/dump.hpp"

#include "cli/exit_code.hpp"
#include "data/dump/dump_text.hpp"
#include "output/encode.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

#include <sys/random.h>

namespace dbengine::app {

namespace {

// Each remote request has its own snapshot, and a cursor is one request. Therefore all rows of all
// tables are the result of one statement. Its first row names the schema that it saw. If that
// schema differs from the one before the tables were listed, the tables are listed again.

// SQLite's limit for the terms of a compound SELECT. More terms are grouped into subqueries.
constexpr std::size_t most_terms = 400;
constexpr int most_tries = 10;
constexpr const char* versions = "schema_version || ' ' || user_version || ' ' || application_id";
constexpr const char* where_versions_are =
    "pragma_schema_version, pragma_user_version, pragma_application_id";

// A marker row precedes the rows of each table: `mark` and the table's number. The marker needs no
// more columns than the widest table, which may have as many as SQLite allows.
std::string term(const std::string& columns, std::size_t given, std::size_t width,
                 const std::string& from) {
  std::string sql = "SELECT " + columns;
  for (std::size_t i = given; i < width; ++i)
    sql += ",NULL";
  return sql + (from.empty() ? "" : " FROM " + from);
}

std::string all_rows(const dump_contents& what, const std::string& mark) {
  std::vector<const dumped_rows*> parts;
  for (const auto& t : what.tables)
    if (t.has_rows)
      parts.push_back(&t.rows);
  if (what.has_sequences)
    parts.push_back(&what.sequences);
  if (what.has_statistics)
    parts.push_back(&what.statistics);
  std::size_t width = 2;
  for (const auto* part : parts)
    width = std::max(width, part->columns.size());
  std::vector<std::string> terms{term(versions, 1, width, where_versions_are)};
  for (std::size_t number = 1; number <= parts.size(); ++number) {
    const auto& r = *parts[number - 1];
    std::string columns;
    for (const auto& c : r.columns)
      columns += (columns.empty() ? "" : ",") + c;
    terms.push_back(term("x'" + hex_text(mark) + "'," + std::to_string(number), 2, width, ""));
    terms.push_back(term(columns, r.columns.size(), width, r.table));
  }
  while (terms.size() > 1) {
    std::vector<std::string> larger;
    for (std::size_t i = 0; i < terms.size(); ++i) {
      if (i % most_terms == 0)
        larger.emplace_back();
      else
        larger.back() += " UNION ALL ";
      larger.back() += terms[i];
    }
    if (larger.size() > 1)
      for (auto& sql : larger)
        sql = "SELECT * FROM (" + sql + ")";
    terms = std::move(larger);
  }
  return terms.front();
}

// A value that no database contains, because it cannot be predicted.
std::string random_mark() {
  std::array<char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw std::system_error(errno, std::generic_category(), "getrandom");
  return {bytes.data(), bytes.size()};
}

// The rows of the statement in order, without the marker rows.
class row_feed {
public:
  row_feed(cursor from, std::string mark)
      : mark_(std::move(mark)), from_(std::move(from)), batch_(from_.next()) {}

  bool more() const { return !batch_.empty(); }
  row current() const { return batch_[at_]; }
  /// The number of the table that the row belongs to; 0 for the first table.
  std::int64_t number() const { return number_; }
  void step() {
    advance();
    for (; more() && is_mark(current()[0]); advance())
      number_ = current()[1].as<std::int64_t>();
  }

private:
  bool is_mark(const field& f) const { return f.type() == value_type::blob && f.bytes() == mark_; }
  void advance() {
    if (++at_ == batch_.size()) {
      batch_ = from_.next();
      at_ = 0;
    }
  }

  std::string mark_;
  cursor from_;
  rows batch_;
  std::size_t at_ = 0;
  std::int64_t number_ = 0;
};

std::string version_of(const request_view& db) {
  return db
      .fetch_value<std::string>(std::string("SELECT ") + versions + " FROM " + where_versions_are)
      .value_or("");
}

// Empty if the schema is no longer the one of the contents.
std::optional<row_feed> open(const request_view& db, const dump_contents& what,
                             const std::string& version) {
  try {
    const auto mark = random_mark();
    row_feed feed(db.cursor(all_rows(what, mark)), mark);
    if (feed.current()[0].as<std::string>() == version) {
      feed.step();
      return feed;
    }
  } catch (const dbengine::error& e) { // a table may have been dropped
    if (e.code() != errc::sql || version_of(db) == version)
      throw;
  }
  return std::nullopt;
}

} // namespace

std::vector<std::string> dump_remote(const request_view& db, output_stream& to) {
  for (int tries = 0; tries < most_tries; ++tries) {
    const auto version = version_of(db);
    const auto contents = read_dump_contents(
        [&](const std::string& sql, const params& p) { return db.fetch(sql, p); });
    auto feed = open(db, contents, version);
    if (!feed)
      continue;
    std::int64_t number = 0;
    write_dump(
        contents,
        [&](const dumped_rows&, const std::function<void(const row&)>& use) {
          for (++number; feed->more() && feed->number() == number; feed->step())
            use(feed->current());
        },
        to);
    return contents.warnings;
  }
  throw data_error("the schema keeps changing: no consistent dump was possible");
}

} // namespace dbengine::app
