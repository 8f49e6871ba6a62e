// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of long input: the end of a statement is found in one pass, and the fields of a record are
// bounded. Compared with `sqlite3_complete`, which reads the whole text again for each call.

#include "data/input/csv_reader.hpp"
#include "data/input/jsonl_reader.hpp"
#include "data/statements/statement_scanner.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>

#include <sqlite3.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::app;

namespace {

std::string random_text(std::mt19937& r) {
  static const char* const words[] = {
      "CREATE ", "TEMP ",   "TRIGGER ", "END",     "end ", ";",  ";",  ";",      " ",
      "\n",      "'",       "'a;b'",    "\"",      "[x;]", "`",  "--", "-- ;\n", "/*",
      "*/",      "/* ; */", "EXPLAIN ", "SELECT ", "x",    "$1", "é",  "BEGIN ", "("};
  std::string text;
  for (auto n = r() % 14; n > 0; --n)
    text += words[r() % std::size(words)];
  return text;
}

// Processor time in seconds of a scan of `size` semicolons within a trigger; the smallest of
// several.
double seconds(std::size_t size) {
  const auto text = "CREATE TRIGGER t BEGIN " + std::string(size, ';') + " END;";
  double best = 1e9;
  for (int i = 0; i < 9; ++i) {
    timespec a{};
    timespec b{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
    CAF_REQUIRE_EQUAL(statement_scanner().to_end(text), text.size());
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
    best = std::min(best, static_cast<double>(b.tv_sec - a.tv_sec) +
                              static_cast<double>(b.tv_nsec - a.tv_nsec) / 1e9);
  }
  return best;
}

} // namespace

CAF_TEST(a statement ends where sqlite3_complete says) {
  const char* seed = std::getenv("DBENGINE_SEED");
  std::mt19937 r(seed != nullptr ? static_cast<unsigned>(std::strtoul(seed, nullptr, 10)) : 7u);
  int complete = 0;
  for (int i = 0; i < 50'000; ++i) {
    const auto text = random_text(r);
    std::size_t end = std::string::npos;
    for (std::size_t at = 0; at < text.size() && end == std::string::npos; ++at)
      if (text[at] == ';' && sqlite3_complete(text.substr(0, at + 1).c_str()) != 0)
        end = at + 1;
    CAF_REQUIRE_EQUAL(statement_scanner().to_end(text), end);
    // Line by line, as the shell reads.
    statement_scanner lines;
    bool whole = false;
    for (std::size_t at = 0; at <= text.size();) {
      const auto stop = std::min(text.find('\n', at), text.size());
      whole = lines.complete_with(std::string_view(text).substr(at, stop - at));
      lines.complete_with("\n");
      at = stop + 1;
    }
    CAF_REQUIRE_EQUAL(whole, sqlite3_complete(text.c_str()) != 0);
    complete += whole ? 1 : 0;
  }
  CAF_CHECK(complete > 1'000);
}

CAF_TEST(twice as long a text takes twice as long to scan) {
  const auto one = seconds(500'000);
  const auto eight = seconds(4'000'000);
  CAF_MESSAGE("8 times the text: " << eight / one << " times the time");
  CAF_CHECK(eight < 24 * one); // a quadratic scan would take 64 times
}

CAF_TEST(a line of separators is one record with a problem) {
  const std::string text = std::string(5'000'000, ',') + "\n1,2\n";
  memory_chunks from(text, 64 * 1024);
  csv_reader reader(from);
  CAF_REQUIRE(reader.next());
  CAF_CHECK_EQUAL(reader.problem(), "more than 32767 fields");
  CAF_CHECK_EQUAL(reader.size(), 32'767u);
  CAF_REQUIRE(reader.next());
  CAF_CHECK_EQUAL(reader.line(), 2u);
  CAF_CHECK_EQUAL(reader.size(), 2u);
  CAF_CHECK(reader.problem().empty());
}

CAF_TEST(as many columns as SQLite can have are read) {
  const std::string text = std::string(32'766, ',') + "\n";
  memory_chunks from(text, 1'000);
  csv_reader reader(from);
  CAF_REQUIRE(reader.next());
  CAF_CHECK(reader.problem().empty());
  CAF_CHECK_EQUAL(reader.size(), 32'767u);
}

CAF_TEST(an object of very many members is one record with a problem) {
  std::string text = "{\"m0\":0";
  for (int i = 1; i < 100'000; ++i)
    text += ",\"m" + std::to_string(i) + "\":0";
  text += "}\n{\"a\":1}\n";
  memory_chunks from(text, 64 * 1024);
  jsonl_reader reader(from);
  CAF_REQUIRE(reader.next());
  CAF_CHECK(reader.problem().find("more than 32767 members") != std::string::npos);
  CAF_REQUIRE(reader.next());
  CAF_CHECK_EQUAL(reader.keys().size(), 1u);
}
