// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/sqlite/naughty.hpp"

#include <cctype>
#include <cstdint>
#include <iterator>
#include <set>
#include <string_view>

namespace dbengine::test {

namespace {

using namespace std::string_view_literals;

// The code point in UTF-8; surrogates and values beyond Unicode as malformed bytes.
std::string utf8(std::uint32_t c) {
  std::string s;
  if (c < 0x80) {
    s += static_cast<char>(c);
  } else if (c < 0x800) {
    s += static_cast<char>(0xc0 | (c >> 6));
    s += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    s += static_cast<char>(0xe0 | (c >> 12));
    s += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    s += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    s += static_cast<char>(0xf0 | (c >> 18));
    s += static_cast<char>(0x80 | ((c >> 12) & 0x3f));
    s += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    s += static_cast<char>(0x80 | (c & 0x3f));
  }
  return s;
}

constexpr std::string_view written_texts[] = {
    // empty, blank, and words with a meaning for some program
    "", " ", "\t", "\n", "\r\n", "\v\f", "null", "NULL", "nil", "None", "undefined", "true",
    "FALSE", "yes", "NaN", "-Infinity", "0", "-0", "00", "1", "-1", "+1", "1.0", "1e309", "-1e309",
    "1e-400", "0x0", "0xffffffffffffffff", "1_000", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "-9223372036854775809", "99999999999999999999999999999999999999", "0.1",
    ".1", "1.", "1,5", "1/0", "0/0", "--1", "1;2", "NaN()", "\\", "\\\\", "\\0", "\\n", "%s%s%s%n",
    "%x", "%d", "%", "%%", "{}", "{0}", "${HOME}", "$1", "?", "?1", ":name", "@name", "#", "~", "`",
    "`id`", "^", "&", "*",
    // quotes and statements
    "'", "''", "'''", "\"", "\"\"", "[", "]", "[x]", "';", "'; DROP TABLE t; --",
    "\"; DROP TABLE t; --", "1 OR 1=1", "' OR '1'='1", "') RETURNING *; --", "/*", "*/", "/* */",
    "--", "-- comment", ";", ";;", "SELECT", "select * from t", "BEGIN", "COMMIT", "ROLLBACK",
    "ATTACH ':memory:' AS x", "PRAGMA writable_schema=1", "sqlite_master", "sqlite_schema", "rowid",
    "_rowid_", "oid", "main", "temp", "table", "index", "group", "order", "values",
    "load_extension('x')", "x'41'", "X''", "CAST('1' AS INT)", "CURRENT_TIMESTAMP", "json('{}')",
    "{\"a\":1}", "[1,2", "{\"a\":", "\"\\u0000\"", "<xml/>", "<![CDATA[",
    "<script>alert(1)</script>", "<!--", "-->", "&lt;&amp;", "&#0;", "javascript:alert(1)",
    "file:///etc/passwd", "../../../../etc/passwd", "/dev/null", "CON", "NUL", "a:b", "C:\\x",
    "$(reboot)", "`reboot`", "|ls", "; ls", "&& ls", "a\nb", "a\rb", "a\tb", " lead", "trail ",
    "0;1", "2024-02-30", "24:61:61", "1970-01-01T00:00:00Z", "now", "+1 day", "weekday 7",
    // letters with several forms or encodings
    "Ångström", "naïve", "ß", "ẞ", "ſ", "İ", "ı", "Ω", "Ω", "ﬁ", "ﬀ", "é", "e\u0301", "Å",
    "A\u030a", "ǅ", "½", "①", "²", "٣", "五", "日本語", "中文", "한국어", "русский", "ελληνικά",
    "עברית", "العربية", "हिन्दी", "ไทย", "ქართული", "አማርኛ", "ᚠᚢᚦ", "𝔘𝔫𝔦", "𝟘𝟙", "🏳️‍🌈",
    "👩‍👩‍👧‍👦", "👍🏽", "🇩🇪", "Z̴̡a̵̧l̶g̷o̸", "\u202etfel-ot-thgir", "\u200b",
    "\u200d", "\ufeff", "\ufffe", "\uffff", "\u2028", "\u2029", "\u00a0", "\u00ad", "\u180e",
    "\u3000", "a\u0300\u0301\u0302\u0303\u0304\u0305", "ⓐⓑ", "﷽", "𒐫", "\u0085", "\u001a", "\u007f",
    // NUL bytes
    "\0"sv, "a\0b"sv, "\0a"sv, "a\0"sv, "\0\0\0"sv, "'\0'"sv, "a\0; DROP TABLE t"sv,
    // malformed UTF-8: lone and missing continuation bytes, overlong forms, cut characters, other
    // encodings
    "\x80", "\xbf", "\xc0\x80", "\xc0\xaf", "\xc3", "a\xc3", "\xc3(", "\xe2\x82", "\xe2(\xa1",
    "\xe0\x80\xaf", "\xf0\x9f\x98", "\xf0\x80\x80\xaf", "\xf8\x88\x80\x80\x80",
    "\xfc\x84\x80\x80\x80\x80", "\xfe", "\xff", "\xff\xfe", "\xfe\xff", "\xff\xff\xff\xff",
    "\xed\xa0\x80", "\xed\xbf\xbf", "\xed\xa0\xbd\xed\xb8\x80", "\xf4\x90\x80\x80", "caf\xe9",
    "\x82\xa0", "a\x80z", "\xef\xbb", "\xef\xbb\xbftext"};

std::vector<std::string> make() {
  std::vector<std::string> all(std::begin(written_texts), std::end(written_texts));
  // every control character, by itself and inside a word
  for (std::uint32_t c = 0; c < 0x20; ++c) {
    all.push_back(std::string(1, static_cast<char>(c)));
    all.push_back("in" + std::string(1, static_cast<char>(c)) + "side");
  }
  // every byte that is not a character by itself, alone and before a letter
  for (int c = 0x80; c < 0x100; ++c) {
    all.push_back(std::string(1, static_cast<char>(c)));
    all.push_back(std::string(1, static_cast<char>(c)) + "a");
  }
  // the first and last character of each length, and every other block of the first plane
  for (const std::uint32_t c : {0x7fu, 0x80u, 0x7ffu, 0x800u, 0xd7ffu, 0xd800u, 0xdfffu, 0xe000u,
                                0xffffu, 0x10000u, 0x10ffffu, 0x110000u})
    all.push_back(utf8(c));
  for (std::uint32_t c = 0x100; c < 0x10000; c += 0x200)
    all.push_back(utf8(c) + utf8(c + 1));
  // every punctuation mark doubled, and lengths around powers of two
  for (char c = '!'; c < 0x7f; ++c)
    if (!std::isalnum(static_cast<unsigned char>(c)))
      all.push_back(std::string(2, c) + "x" + c);
  for (std::size_t n : {127u, 128u, 255u, 256u, 4095u, 4096u, 4097u, 65535u, 65536u})
    all.push_back(std::string(n, 'x'));
  std::set<std::string> seen;
  std::vector<std::string> different;
  for (auto& text : all)
    if (seen.insert(text).second)
      different.push_back(std::move(text));
  return different;
}

} // namespace

const std::vector<std::string>& naughty_texts() {
  static const auto all = make();
  return all;
}

} // namespace dbengine::test
