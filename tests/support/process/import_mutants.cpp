// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/process/import_mutants.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace dbengine::test {

unsigned mutation_seed() {
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
      "a,b\r1,x\r2,\"y, z\"\r"s,
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

namespace {

// Characters with a meaning for a parser.
constexpr std::string_view telling = ",\"\n\r\\{}[]:$x'0123456789.eE+-Inf \t\xef\xbb\xbf\xc3\xff";

} // namespace

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

namespace {

// Line ends count outside quotes: if there is no LF among them, CR ends lines.
bool has_cr_lines(const bytes& text) {
  bytes outside;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool field_start = at == 0 || (!outside.empty() && outside.back() == text[at - 1] &&
                                         (text[at - 1] == ',' || text[at - 1] == '\r'));
    if (text[at] != '"' || !field_start) {
      outside += text[at];
      continue;
    }
    for (++at; at < text.size() && (text[at] != '"' || text.compare(at, 2, "\"\"") == 0); ++at)
      at += text[at] == '"' ? 1 : 0;
    outside += 'q';
  }
  return outside.find('\n') == bytes::npos && outside.find('\r') != bytes::npos;
}

// The length of the line end at the position, 0 for none. A CR at the end of the text is a line
// end, too.
std::size_t line_end(const bytes& text, std::size_t at, bool cr_lines) {
  if (text.compare(at, 2, "\r\n") == 0)
    return 2;
  return text[at] == '\n' || (text[at] == '\r' && (cr_lines || at + 1 == text.size())) ? 1 : 0;
}

// Reads a quoted field from `at` on. Returns false if its line is lost: the closing quote is
// missing, or text follows it.
bool read_quoted(const bytes& text, std::size_t& at, std::uint64_t& line, bool cr_lines,
                 plain_record& one) {
  // To the closing quote, which is one that no other quote follows.
  std::size_t end = at + 1;
  bytes inside;
  while (end < text.size() && (text[end] != '"' || text.compare(end, 2, "\"\"") == 0)) {
    inside += text[end];
    end += text[end] == '"' ? 2 : 1;
  }
  // Within quotes, the character that ends lines elsewhere in the file counts as a line end.
  line +=
      static_cast<std::uint64_t>(std::count(inside.begin(), inside.end(), cr_lines ? '\r' : '\n'));
  one.values.back() = inside;
  one.quoted.back() = true;
  const bool closed = end < text.size();
  at = std::min(end + 1, text.size());
  if (!closed || (at < text.size() && text[at] != ',' && line_end(text, at, cr_lines) == 0)) {
    one.broken = true;
    while (at < text.size() && line_end(text, at, cr_lines) == 0)
      ++at; // its line is lost
    if (at < text.size()) {
      at += line_end(text, at, cr_lines);
      ++line;
    }
    return false;
  }
  return true;
}

} // namespace

std::vector<plain_record> plain_records(bytes text) {
  if (text.starts_with("\xef\xbb\xbf"))
    text.erase(0, 3);
  const bool cr_lines = has_cr_lines(text);
  std::vector<plain_record> all;
  std::uint64_t line = 1;
  for (std::size_t at = 0; at < text.size();) {
    plain_record one;
    one.line = line;
    bool field_start = true;
    while (at < text.size()) {
      if (const auto end = line_end(text, at, cr_lines)) {
        at += end;
        ++line;
        break;
      }
      one.blank = false;
      if (text[at] == ',') {
        ++one.fields;
        one.values.emplace_back();
        one.quoted.push_back(false);
        field_start = true;
        ++at;
        continue;
      }
      if (text[at] == '"' && field_start) {
        if (!read_quoted(text, at, line, cr_lines, one))
          break;
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

} // namespace dbengine::test
