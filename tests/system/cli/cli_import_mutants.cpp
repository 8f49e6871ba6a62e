// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests ten thousand damaged CSV and JSON inputs: no crash, and every record is in the table or
// reported. A second, simple reading of the same bytes counts the records; cli_import_content
// compares the values. DBENGINE_SEED repeats a run.

#include "data/import/import.hpp"
#include "data/input/csv_reader.hpp"

#include "cli/exit_code.hpp"

#include <dbengine/db_engine.hpp>

#include "support/process/import_mutants.hpp"

#include <optional>
#include <vector>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;

namespace {

using app::import_format;

// The number of records that an import of CSV must account for; empty if there is no usable header.
std::optional<std::size_t> csv_records(const bytes& text) {
  const auto all = plain_records(text);
  if (all.empty() || all[0].broken)
    return std::nullopt;
  std::size_t n = 0;
  for (std::size_t i = 1; i < all.size(); ++i)
    n += all[i].broken || !all[i].blank || all[0].fields == 1;
  return n;
}

std::size_t json_records(const bytes& text) {
  std::size_t n = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    auto line = text.substr(at, end - at);
    if (at == 0 && line.starts_with("\xef\xbb\xbf"))
      line.erase(0, 3);
    n += line.find_first_not_of(" \t\r") != bytes::npos;
    at = end + 1;
  }
  return n;
}

struct tally {
  std::size_t loaded = 0, refused = 0, rows = 0, bad = 0;
};

void check_one(const db_engine& db, const bytes& text, import_format format, std::size_t step,
               const std::optional<std::size_t>& records, tally& t) {
  db.execute("DROP TABLE IF EXISTS t");
  app::import_settings s{.table = "t", .format = format, .batch = 1 + step % 5, .skip_bad = true};
  app::memory_chunks input(text, step);
  app::import_result result;
  std::size_t reported = 0;
  try {
    app::import_rows(
        db.with_timeout(std::chrono::hours(1)), text, true, input, s,
        [&](std::uint64_t, const std::string&) { ++reported; }, result);
  } catch (const app::data_error&) {
    CAF_REQUIRE(!result.created_table);
    ++t.refused; // the whole input was refused, with an error
    return;
  } catch (const dbengine::error& e) {
    // A header may contain names that SQLite does not accept: one with a zero byte, or a duplicate.
    CAF_REQUIRE(e.code() == errc::sql || e.code() == errc::too_big);
    CAF_REQUIRE(!result.created_table);
    ++t.refused;
    return;
  }
  ++t.loaded;
  t.rows += result.imported;
  t.bad += result.bad;
  const auto in_table = db.fetch_value<std::int64_t>("SELECT count(*) FROM t").value_or(-1);
  const bool right = static_cast<std::uint64_t>(in_table) == result.imported &&
                     reported == result.bad && result.imported + result.bad == result.records &&
                     records && *records == result.records;
  if (!right)
    CAF_FAIL("in the table " << in_table << ", imported " << result.imported << ", bad "
                             << result.bad << ", reported " << reported << ", records "
                             << result.records << ", counted "
                             << (records ? std::to_string(*records) : "none") << ", input:\n"
                             << text);
}

void run_mutants(import_format format, int n) {
  const unsigned s = mutation_seed();
  CAF_MESSAGE("DBENGINE_SEED=" << s);
  random_source r(s);
  const auto& seeds = format == import_format::csv ? csv_seeds() : json_seeds();
  const db_engine db("sqlite://");
  tally t;
  for (int i = 0; i < n; ++i) {
    const auto text = mutant(seeds[below(r, seeds.size())], seeds, r);
    const auto records = format == import_format::csv ? csv_records(text) : json_records(text);
    try {
      check_one(db, text, format, below(r, 4), records, t);
    } catch (const std::exception& e) {
      CAF_FAIL("DBENGINE_SEED=" << s << ", input " << i << ": " << e.what() << "\n" << text);
    }
  }
  CAF_MESSAGE(t.loaded << " loaded, " << t.refused << " refused, " << t.rows << " rows, " << t.bad
                       << " bad");
  // The mutants are useless if they are all alike.
  CAF_CHECK(t.loaded > static_cast<std::size_t>(n) / 3);
  CAF_CHECK(t.rows > static_cast<std::size_t>(n) / 3);
  CAF_CHECK(t.bad > static_cast<std::size_t>(n) / 20);
}

} // namespace

CAF_TEST(mutated CSV files lose no record in silence) {
  run_mutants(import_format::csv, 6000);
}

CAF_TEST(mutated JSON lines lose no record in silence) {
  run_mutants(import_format::jsonl, 4000);
}

CAF_TEST(a lost record would be seen) {
  // Control: the second reading counts the records that exist.
  CAF_CHECK_EQUAL(csv_records("a,b\n1,2\n\n\"x\ny\",3\n\"z\"q,1\n4,5"), 4u);
  CAF_CHECK_EQUAL(csv_records("a\n1\n\n2\n"), 3u);
  CAF_CHECK_EQUAL(csv_records("\"a\n"), std::nullopt);
  CAF_CHECK_EQUAL(csv_records("a,b\r1,2\r3,\"\n\"\r4,5"), 3u);
  // If lines end with CR, LF CR after a broken record is two line ends, with a blank line between
  // them.
  CAF_CHECK_EQUAL(csv_records("a\r1\r\"x\"y,\"\n\r2\r\""), 5u);
  CAF_CHECK_EQUAL(json_records("{}\n\n \r\nx"), 2u);
}
