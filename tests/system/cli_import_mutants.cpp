// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Ten thousand damaged CSV and JSON inputs: no crash, and every record is in the table or reported. The number of records
// is counted by a second, simple reading of the same bytes. DBENGINE_SEED repeats a run.

#include "data/csv.hpp"
#include "data/import.hpp"

#include "cli/exit_code.hpp"

#include <dbengine/db_engine.hpp>

#include <cstdlib>
#include <optional>
#include <random>
#include <vector>

#include "test.hpp"

using namespace dbengine;

namespace {

using app::import_format;

using bytes = std::string;
using random_source = std::mt19937;

unsigned seed() {
  if (const char* given = std::getenv("DBENGINE_SEED"))
    return static_cast<unsigned>(std::strtoul(given, nullptr, 10));
  return std::random_device{}();
}

std::size_t below(random_source& r, std::size_t n) {
  return std::uniform_int_distribution<std::size_t>(0, n - 1)(r);
}

const std::vector<bytes>& csv_seeds() {
  using namespace std::string_literals;
  static const std::vector<bytes> all{
      "a,b,c\n1,2.5,x\n2,,\"y \"\"z\"\"\"\n3,1e3,\"two\nlines\"\n"s,
      "\xef\xbb\xbfid,name\r\n1,\"A, B\"\r\n2,\"\"\r\n"s,
      "x\n1\n\n2\n\"\"\n"s,
      "a,b\n007,+1\nx'00ff',Inf\n-0,9223372036854775808\n"s,
      "a,b\n\0,\xff\n\r,\"\r\"\n"s,
      "only,a,header\n"s,
  };
  return all;
}

const std::vector<bytes>& json_seeds() {
  static const std::vector<bytes> all{
      "{\"a\":1,\"b\":\"x\"}\n{\"b\":null,\"a\":-2.5e3}\n{\"a\":true}\n",
      "{\"a\":[1,{\"c\":[]}],\"b\":{\"$blob\":\"AP8=\"}}\r\n\r\n{\"a\":{\"$real\":\"-Inf\"}}",
      "\xef\xbb\xbf{\"a\":\"\\ud83c\\udf89 \\\"q\\\" \\u0000\"}\n{\"a\":9223372036854775807}\n",
      "{\"a\":1,\"a\":2}\nnope\n[1]\n{\"b\":18446744073709551615}\n{\"a\":\"2\"}\n",
  };
  return all;
}

// Bytes that mean something to a parser.
constexpr std::string_view telling = ",\"\n\r\\{}[]:$x'0123456789.eE+-Inf \t\xef\xbb\xbf\xc3\xff";

bytes mutant(bytes text, const std::vector<bytes>& seeds, random_source& r) {
  for (std::size_t n = 1 + below(r, 6); n > 0; --n) {
    const std::size_t at = below(r, text.size() + 1);
    const std::size_t length = std::min(text.size() - at, 1 + below(r, 12));
    switch (below(r, 7)) {
    case 0: text.insert(at, 1, telling[below(r, telling.size())]); break;
    case 1: text.insert(at, 1, static_cast<char>(below(r, 256))); break;
    case 2: text.erase(at, length); break;
    case 3: text.insert(at, text.substr(at, length)); break;
    case 4: text.resize(at); break;
    case 5:
      if (at < text.size())
        text[at] = telling[below(r, telling.size())];
      break;
    default: {
      const auto& other = seeds[below(r, seeds.size())];
      const std::size_t from = below(r, other.size());
      text.insert(at, other, from, 1 + below(r, 20));
    }
    }
  }
  return text;
}

// CSV read in the simplest way: over the whole text, byte by byte. Gives the records as it should be read, an empty field
// without quotes as nothing.
struct plain_record {
  std::size_t fields = 1;
  std::vector<std::optional<bytes>> values{std::nullopt};
  bool blank = true;
  bool broken = false;
};

std::vector<plain_record> plain_records(bytes text) {
  if (text.starts_with("\xef\xbb\xbf"))
    text.erase(0, 3);
  std::vector<plain_record> all;
  for (std::size_t at = 0; at < text.size();) {
    plain_record one;
    bool field_start = true;
    for (;;) {
      if (at == text.size())
        break;
      const bool line_end = text[at] == '\n' || text.compare(at, 2, "\r\n") == 0 ||
                            (text[at] == '\r' && at + 1 == text.size());
      if (line_end) {
        at += text[at] == '\n' ? 1 : std::min<std::size_t>(2, text.size() - at);
        break;
      }
      one.blank = false;
      if (text[at] == ',') {
        ++one.fields;
        one.values.emplace_back();
        field_start = true;
        ++at;
        continue;
      }
      if (text[at] == '"' && field_start) {
        // To the closing quote: one that no other follows.
        std::size_t end = at + 1;
        bytes inside;
        while (end < text.size() && (text[end] != '"' || text.compare(end, 2, "\"\"") == 0)) {
          inside += text[end];
          end += text[end] == '"' ? 2 : 1;
        }
        one.values.back() = inside;
        const bool closed = end < text.size();
        at = std::min(end + 1, text.size());
        const bool ends = at == text.size() || text[at] == ',' || text[at] == '\n' ||
                          text.compare(at, 2, "\r\n") == 0 ||
                          (text[at] == '\r' && at + 1 == text.size());
        if (!closed || !ends) {
          one.broken = true;
          at = std::min(text.find('\n', at), text.size() - 1) + 1; // its line is lost
          break;
        }
        field_start = false;
        continue;
      }
      field_start = false;
      one.values.back() = one.values.back().value_or("") + text[at];
      ++at;
    }
    all.push_back(one);
  }
  return all;
}

// The records that an import of CSV has to account for; nothing where there is no header to go by.
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
    ++t.refused; // the input as a whole was refused, and said so
    return;
  } catch (const dbengine::error& e) {
    // A header may ask for what SQLite cannot make: a name with a zero byte, a name twice.
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

// As text, where nothing is guessed: what is in the table is what the second reading finds, field by field. `stop`: up to
// the first bad record.
void check_content(const db_engine& db, const bytes& text, bool existing, bool stop) {
  const auto all = plain_records(text);
  if (all.empty() || all[0].broken)
    return;
  db.execute("DROP TABLE IF EXISTS t");
  app::import_settings s{.table = "t", .guess_types = false, .batch = 3, .skip_bad = !stop};
  // A table that is there gives the names; the header stands for a record then.
  s.header = !existing;
  if (existing) {
    std::string names;
    for (std::size_t i = 0; i < all[0].fields; ++i)
      names += (i == 0 ? "c" : ", c") + std::to_string(i);
    db.execute("CREATE TABLE t (" + names + ")");
  }
  app::memory_chunks input(text);
  app::import_result result;
  try {
    app::import_rows(
        db.with_timeout(std::chrono::hours(1)), text, true, input, s,
        [](std::uint64_t, const std::string&) {}, result);
  } catch (const app::data_error&) {
    return; // two columns of one name
  } catch (const dbengine::error& e) {
    CAF_REQUIRE(e.code() == errc::sql || e.code() == errc::too_big);
    return;
  }
  std::vector<std::vector<std::optional<bytes>>> expected, found;
  bool bad = false;
  for (std::size_t i = existing ? 0 : 1; i < all.size() && !(bad && stop); ++i) {
    if (!all[i].broken && all[i].blank && all[0].fields > 1)
      continue;
    if (all[i].broken || all[i].fields != all[0].fields)
      bad = true;
    else
      expected.push_back(all[i].values);
  }
  for (const auto& row : db.fetch("SELECT * FROM t ORDER BY rowid")) {
    auto& values = found.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i)
      values.push_back(row[i].is_null() ? std::nullopt
                                        : std::optional<bytes>(std::string(row[i].bytes())));
  }
  CAF_REQUIRE(result.stopped == (stop && bad));
  if (found != expected)
    CAF_FAIL("other values, existing " << existing << ", stop " << stop << ", input:\n" << text);
}

void run_mutants(import_format format, int n) {
  const unsigned s = seed();
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
      if (format == import_format::csv && i % 3 == 0)
        check_content(db, text, below(r, 2) == 0, below(r, 2) == 0);
    } catch (const std::exception& e) {
      CAF_FAIL("DBENGINE_SEED=" << s << ", input " << i << ": " << e.what() << "\n" << text);
    }
  }
  CAF_MESSAGE(t.loaded << " loaded, " << t.refused << " refused, " << t.rows << " rows, " << t.bad
                       << " bad");
  // The mutants are no good if they are all alike.
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
  // The control: the second reading counts what is there.
  CAF_CHECK_EQUAL(csv_records("a,b\n1,2\n\n\"x\ny\",3\n\"z\"q,1\n4,5"), 4u);
  CAF_CHECK_EQUAL(csv_records("a\n1\n\n2\n"), 3u);
  CAF_CHECK_EQUAL(csv_records("\"a\n"), std::nullopt);
  CAF_CHECK_EQUAL(json_records("{}\n\n \r\nx"), 2u);
}
