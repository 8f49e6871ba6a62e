// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/import/input_kind.hpp"

#include "cli/exit_code.hpp"

#include <algorithm>
#include <string>

namespace dbengine::app {

namespace {

using namespace std::string_view_literals;

constexpr auto utf16 = "text in UTF-16: convert it, iconv -f UTF-16 -t UTF-8"sv;
constexpr auto utf16le = "text in UTF-16: convert it, iconv -f UTF-16LE -t UTF-8"sv;
constexpr auto utf16be = "text in UTF-16: convert it, iconv -f UTF-16BE -t UTF-8"sv;

struct signature {
  std::string_view bytes;
  std::string_view meaning;
};

// Of two signatures with the same beginning, the longer one comes first.
constexpr signature known[] = {
    {"\xff\xfe\0\0"sv, "text in UTF-32: convert it, iconv -f UTF-32 -t UTF-8"sv},
    {"\0\0\xfe\xff"sv, "text in UTF-32: convert it, iconv -f UTF-32 -t UTF-8"sv},
    {"\xff\xfe"sv, utf16},
    {"\xfe\xff"sv, utf16},
    {"\x1f\x8b"sv, "compressed by gzip: decompress it, gunzip -c"sv},
    {"\x28\xb5\x2f\xfd"sv, "compressed by zstd: decompress it, zstd -dc"sv},
    {"\xfd"
     "7zXZ\0"sv,
     "compressed by xz: decompress it, xz -dc"sv},
    {"BZh91AY&SY"sv, "compressed by bzip2: decompress it, bzip2 -dc"sv},
    {"PK\x03\x04"sv, "a ZIP archive, as spreadsheets are, too: unpack it, or save it as CSV"sv},
    {"SQLite format 3\0"sv, "an SQLite database: dump it, and run the dump by script"sv},
    {"PAR1"sv, "a Parquet file: convert it to CSV or JSON lines"sv},
};

// ASCII letters in UTF-16 without a byte order mark.
std::string_view wide_letters(std::string_view head) noexcept {
  if (head.size() < 4)
    return {};
  if (head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0)
    return utf16le;
  if (head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0)
    return utf16be;
  return {};
}

bool begins_as_json(std::string_view head) noexcept {
  if (head.starts_with("\xef\xbb\xbf"sv))
    head.remove_prefix(3);
  const auto next = [&head] {
    head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
    const char c = head.empty() ? '\0' : head.front();
    head.remove_prefix(head.empty() ? 0 : 1);
    return c;
  };
  char c = next();
  if (c == '[') {
    c = next();
    if (c == ']')
      return next() == '\0';
  }
  if (c != '{')
    return false;
  c = next();
  return c == '"' || c == '}';
}

} // namespace

import_format format_of_input(std::string_view name, std::string_view head) {
  if (name.ends_with(".csv") || name.ends_with(".tsv"))
    return import_format::csv;
  const bool json = name.ends_with(".json") || name.ends_with(".jsonl") ||
                    name.ends_with(".ndjson") || begins_as_json(head);
  return json ? import_format::json : import_format::csv;
}

void refuse_foreign_input(std::string_view head) {
  std::string_view meaning = wide_letters(head);
  for (const auto& s : known)
    if (meaning.empty() && head.starts_with(s.bytes))
      meaning = s.meaning;
  if (!meaning.empty())
    throw data_error("the input is " + std::string(meaning));
}

} // namespace dbengine::app
