// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests imports of damaged CSV and JSON lines, value by value: each record of the input is either
// in the table with exactly its values, or reported with its line. The records and values come from
// a second reading: simple code for CSV, the library's tree for JSON lines. DBENGINE_SEED repeats a
// run.

#include "data/import/import.hpp"

#include "cli/exit_code.hpp"
#include "output/encode.hpp"

#include <dbengine/db_engine.hpp>

#include "support/process/import_mutants.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include <nlohmann/json.hpp>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using app::import_format;
using json = nlohmann::json;

namespace {

struct loaded {
  bool refused = false; // the whole input, with an error
  app::import_result result;
  std::vector<std::uint64_t> bad; // line numbers
  rows table;
};

loaded load(const db_engine& db, const bytes& text, app::import_settings s, std::size_t step) {
  loaded l;
  s.table = "t";
  app::memory_chunks input(text, step);
  try {
    app::import_rows(
        db.with_timeout(std::chrono::hours(1)), text, true, input, s,
        [&](std::uint64_t line, const std::string&) { l.bad.push_back(line); }, l.result);
  } catch (const app::data_error&) {
    l.refused = true;
    return l;
  } catch (const error& e) {
    // A header may contain a name that SQLite does not accept: one with a zero byte.
    if (e.code() != errc::sql && e.code() != errc::too_big)
      throw;
    l.refused = true;
    return l;
  }
  l.table = db.fetch("SELECT * FROM t ORDER BY rowid");
  return l;
}

// True if a number is equal to the text that it came from.
bool same_number(const field& f, const bytes& text) {
  char* end = nullptr;
  if (f.type() == value_type::integer) {
    errno = 0;
    const auto n = std::strtoll(text.c_str(), &end, 10);
    if (errno == 0 && *end == '\0')
      return n == f.as<std::int64_t>();
  }
  const double x = std::strtod(text.c_str(), &end);
  return *end == '\0' && end != text.c_str() &&
         x == (f.type() == value_type::integer ? static_cast<double>(f.as<std::int64_t>())
                                               : f.as<double>());
}

bool same_field(const field& f, const std::optional<bytes>& text, bool quoted) {
  switch (f.type()) {
  case value_type::null: return !text;
  case value_type::text: return text && f.bytes() == *text;
  case value_type::blob:
    return text && !quoted && "x'" + app::hex_text(f.bytes()) + "'" == [&] {
      bytes lower = *text; // hexadecimal digits in upper or lower case
      std::transform(lower.begin(), lower.end(), lower.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      return lower;
    }();
  case value_type::integer:
  case value_type::real: return text && same_number(f, *text);
  }
  return false;
}

struct kind {
  bool existing = false, guess = true, stop = false;
};

std::string text_of(const kind& k) {
  return std::string(k.existing ? "existing " : "new ") + (k.guess ? "auto" : "text") +
         (k.stop ? " stop" : " skip");
}

// Describes what is wrong; empty if nothing is.
std::string csv_problem(const loaded& l, const std::vector<plain_record>& all, const kind& k) {
  std::size_t row = 0, bad = 0;
  for (std::size_t i = k.existing ? 0 : 1; i < all.size() && !(bad > 0 && k.stop); ++i) {
    const auto& r = all[i];
    if (!r.broken && r.blank && all[0].fields > 1)
      continue;
    const auto line = std::to_string(r.line);
    if (bad < l.bad.size() && l.bad[bad] == r.line) {
      ++bad;
      continue;
    }
    if (r.broken || r.fields != all[0].fields)
      return "line " + line + " is no row and not reported";
    if (row == l.table.size())
      return "line " + line + " is neither in the table nor reported";
    for (std::size_t c = 0; c < r.fields; ++c) {
      const auto f = l.table[row][c];
      if (!same_field(f, r.values[c], r.quoted[c]))
        return "line " + line + ", field " + std::to_string(c + 1) + " has another value";
      if (!k.guess && !f.is_null() && f.type() != value_type::text)
        return "line " + line + ", field " + std::to_string(c + 1) + " is not text";
    }
    ++row;
  }
  if (row != l.table.size() || bad != l.bad.size())
    return "there are rows or reports that no record stands for";
  return {};
}

bytes lower(bytes text) {
  for (auto& c : text)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

bool same_json(const field& f, const json& v) {
  switch (f.type()) {
  case value_type::null: return v.is_null();
  case value_type::integer:
    return v.is_boolean() ? f.as<std::int64_t>() == (v.get<bool>() ? 1 : 0)
           : v.is_number_integer()
               ? v == json(f.as<std::int64_t>())
               : v.is_number() && v.get<double>() == static_cast<double>(f.as<std::int64_t>());
  case value_type::real:
    if (v.is_object())
      return std::isinf(f.as<double>()) &&
             v.value("$real", "") == (std::signbit(f.as<double>()) ? "-Inf" : "Inf");
    return v.is_boolean() ? f.as<double>() == (v.get<bool>() ? 1 : 0)
                          : v.is_number() && f.as<double>() == v.get<double>();
  case value_type::blob: return v.is_object() && v.contains("$blob");
  case value_type::text: break;
  }
  const bytes text(f.bytes());
  if (v.is_string())
    return text == v.get<std::string>();
  if (v.is_object() && v.contains("$text"))
    return true;
  if (v.is_object() && v.size() == 1 && v.contains("$real") && v["$real"].is_string())
    return text == v["$real"].get<std::string>() || json::parse(text, nullptr, false) == v;
  if (v.is_boolean())
    return text == (v.get<bool>() ? "1" : "0");
  if (v.is_number())
    return std::strtod(text.c_str(), nullptr) == v.get<double>();
  return json::parse(text, nullptr, false) == v;
}

struct json_line {
  std::uint64_t number;
  json tree;
};

// The lines that are not blank. A byte order mark may precede the first.
std::vector<json_line> json_lines(const bytes& text) {
  std::vector<json_line> all;
  std::uint64_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    auto line = text.substr(at, end - at);
    if (at == 0 && line.starts_with("\xef\xbb\xbf"))
      line.erase(0, 3);
    ++number;
    if (line.find_first_not_of(" \t\r") != bytes::npos)
      all.push_back({number, json::parse(line, nullptr, false)});
    at = end + 1;
  }
  return all;
}

std::string json_problem(const loaded& l, const bytes& text, const kind& k) {
  std::size_t row = 0, bad = 0;
  for (const auto& [number, tree] : json_lines(text)) {
    if (bad > 0 && k.stop)
      break;
    const auto line = "line " + std::to_string(number);
    if (bad < l.bad.size() && l.bad[bad] == number) {
      ++bad;
      continue;
    }
    if (!tree.is_object())
      return line + " is no object and not reported";
    if (row == l.table.size())
      return line + " is neither in the table nor reported";
    std::set<bytes> used;
    for (std::size_t c = 0; c < l.table.columns().size(); ++c) {
      json v;
      for (const auto& [key, member] : tree.items())
        if (lower(key) == lower(l.table.columns()[c])) {
          v = member;
          used.insert(key);
        }
      const auto f = l.table[row][c];
      if (!same_json(f, v) || (!k.guess && !f.is_null() && f.type() != value_type::text &&
                               f.type() != value_type::blob))
        return line + ", column " + l.table.columns()[c] + " has another value";
    }
    if (used.size() != tree.size())
      return line + " has a key that is in no column";
    ++row;
  }
  if (row != l.table.size() || bad != l.bad.size())
    return "there are rows or reports that no line stands for";
  return {};
}

void run_mutants(import_format format, int n) {
  const unsigned s = mutation_seed();
  CAF_MESSAGE("DBENGINE_SEED=" << s);
  random_source r(s);
  const auto& seeds = format == import_format::csv ? csv_seeds() : json_seeds();
  const db_engine db("sqlite://");
  std::size_t compared = 0, reported = 0;
  for (int i = 0; i < n; ++i) {
    const auto text = mutant(seeds[below(r, seeds.size())], seeds, r);
    const kind k{below(r, 2) == 0, below(r, 3) > 0, below(r, 4) == 0};
    const auto all =
        format == import_format::csv ? plain_records(text) : std::vector<plain_record>{};
    if (format == import_format::csv && (all.empty() || all[0].broken))
      continue;
    db.execute("DROP TABLE IF EXISTS t");
    if (k.existing) {
      std::string names = "a, b, x";
      // The header then counts as a record.
      for (std::size_t c = 0; format == import_format::csv && c < all[0].fields; ++c)
        names = (c == 0 ? "" : names + ", ") + "c" + std::to_string(c);
      db.execute("CREATE TABLE t (" + names + ")");
    }
    std::string problem;
    try {
      const auto l = load(db, text,
                          {.format = format,
                           .guess_types = k.guess,
                           .header = !k.existing,
                           .batch = 1 + below(r, 5),
                           .skip_bad = !k.stop},
                          below(r, 4));
      if (l.refused)
        continue;
      problem = format == import_format::csv ? csv_problem(l, all, k) : json_problem(l, text, k);
      if (l.result.stopped != (k.stop && !l.bad.empty()))
        problem += " stopping is not told";
      compared += l.table.size();
      reported += l.bad.size();
    } catch (const std::exception& e) {
      problem = e.what();
    }
    if (!problem.empty())
      CAF_FAIL("DBENGINE_SEED=" << s << ", input " << i << ", " << text_of(k) << ": " << problem
                                << "\n"
                                << text);
  }
  CAF_MESSAGE(compared << " rows compared, " << reported << " bad ones");
  CAF_CHECK(compared > static_cast<std::size_t>(n) / 3);
  CAF_CHECK(reported > static_cast<std::size_t>(n) / 20);
}

} // namespace

CAF_TEST(every field of mutated CSV is in the table or its line is reported) {
  run_mutants(import_format::csv, 6000);
}

CAF_TEST(every member of mutated JSON lines is in the table or its line is reported) {
  run_mutants(import_format::jsonl, 6000);
}

CAF_TEST(a changed or lost or doubled value would be seen) {
  const db_engine db("sqlite://");
  const bytes csv = "a,b\n1,x\n2,\"\"\nbad\n3,\n";
  const auto l = load(db, csv, {.skip_bad = true}, 0);
  const auto all = plain_records(csv);
  CAF_CHECK_EQUAL(csv_problem(l, all, {}), "");
  auto other = l;
  other.bad.clear();
  CAF_CHECK_EQUAL(csv_problem(other, all, {}), "line 4 is no row and not reported");
  for (const auto& [sql, problem] : std::vector<std::pair<std::string, std::string>>{
           {"UPDATE t SET a = 7 WHERE a = 1", "line 2, field 1 has another value"},
           {"UPDATE t SET a = 1 WHERE a = 7; UPDATE t SET b = NULL WHERE b = ''",
            "line 3, field 2 has another value"},
           {"UPDATE t SET b = '' WHERE a = 2; INSERT INTO t VALUES (3, NULL)",
            "there are rows or reports that no record stands for"},
           {"DELETE FROM t WHERE a = 3", "line 5 is neither in the table nor reported"}}) {
    db.execute_script(sql);
    other = l;
    other.table = db.fetch("SELECT * FROM t ORDER BY rowid");
    CAF_CHECK_EQUAL(csv_problem(other, all, {}), problem);
  }
  db.execute("DROP TABLE t");
  const bytes lines = "{\"a\":1,\"b\":[1]}\nbad\n{\"b\":\"\"}\n";
  const auto j = load(db, lines, {.format = import_format::jsonl, .skip_bad = true}, 0);
  CAF_CHECK_EQUAL(json_problem(j, lines, {}), "");
  auto k = j;
  db.execute("UPDATE t SET b = NULL WHERE b = ''");
  k.table = db.fetch("SELECT * FROM t ORDER BY rowid");
  CAF_CHECK_EQUAL(json_problem(k, lines, {}), "line 3, column b has another value");
  k = j;
  k.bad.clear();
  CAF_CHECK_EQUAL(json_problem(k, lines, {}), "line 2 is no object and not reported");
}
