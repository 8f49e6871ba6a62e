// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// `like(pattern, text [, escape])`, which `text LIKE pattern` calls. Like SQLite's, it backtracks
// to the last `%` only: earlier matches remain right. Cost: the length of the text times the length
// of the pattern.

#include "base/fault.hpp"
#include "sqlite/functions/replaced_functions.hpp"

#include <dbengine/defaults.hpp>

#include <sqlite3.h>

namespace dbengine::sqlite {

namespace {

using bytes = const unsigned char*;

// Reads one character as SQLite does: surrogates and overlong encodings are U+FFFD, a byte that
// starts no character is itself.
unsigned read(bytes& at) noexcept {
  unsigned c = *at++;
  if (c < 0xc0)
    return c;
  if (c < 0xe0)
    c -= 0xc0;
  else if (c < 0xf0)
    c -= 0xe0;
  else if (c < 0xf8)
    c -= 0xf0;
  else if (c < 0xfc)
    c -= 0xf8;
  else
    c = c < 0xfe ? c - 0xfc : 0;
  while ((*at & 0xc0) == 0x80)
    c = (c << 6) + (*at++ & 0x3fu);
  if (c < 0x80 || (c & 0xfffff800u) == 0xd800 || (c & 0xfffffffeu) == 0xfffe)
    c = 0xfffd;
  return c;
}

unsigned lower(unsigned c) noexcept {
  return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

unsigned other_case(unsigned c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ? c ^ 32u : c;
}

bool same(unsigned a, unsigned b) noexcept {
  return a == b || (a < 0x80 && b < 0x80 && lower(a) == lower(b));
}

enum class verdict { matches, differs, stopped };

class matcher {
public:
  matcher(unsigned many, unsigned one, unsigned escape, work_meter& work) noexcept
      : many_(many), one_(one), escape_(escape), work_(&work) {}

  verdict run(bytes pattern, bytes text) noexcept {
    p_ = pattern;
    s_ = text;
    for (;;) {
      if (work_->spend(1))
        return verdict::stopped;
      const auto c = read(p_);
      if (c == 0 && *s_ == 0)
        return verdict::matches;
      if (c != 0 && c == many_) {
        if (const auto end = begin_search())
          return *end ? verdict::matches : verdict::differs;
      } else if (c != 0 && one_character(c)) {
        continue;
      }
      if (const auto v = search_on(); v != verdict::matches)
        return v;
    }
  }

private:
  // Reads the pattern behind a `%`. Returns the result if it is known, or null if the following
  // pattern must be searched for.
  const bool* begin_search() noexcept {
    static constexpr bool yes = true;
    static constexpr bool no = false;
    auto c = read(p_);
    for (; c == many_ || (c == one_ && one_ != 0); c = read(p_))
      if (c == one_ && read(s_) == 0)
        return &no;
    if (c == 0)
      return &yes;
    if (c == escape_ && (c = read(p_)) == 0)
      return &no;
    sought_ = c;
    behind_ = p_;
    from_ = s_;
    return nullptr;
  }

  // Finds the next position in the text with the character behind the last `%`; the pattern is
  // matched again from there.
  verdict search_on() noexcept {
    if (behind_ == nullptr)
      return verdict::differs;
    escaped_ = nullptr;
    p_ = behind_;
    if (sought_ < 0x80)
      return search_ascii();
    while (*from_ != 0) {
      const auto before = from_;
      const auto c = read(from_);
      if (work_->spend(static_cast<std::size_t>(from_ - before)))
        return verdict::stopped;
      if (c == sought_) {
        s_ = from_;
        return verdict::matches;
      }
    }
    return verdict::differs;
  }

  verdict search_ascii() noexcept {
    constexpr std::ptrdiff_t piece = 4096;
    const auto one = static_cast<unsigned char>(sought_);
    const auto other = static_cast<unsigned char>(other_case(sought_));
    for (;;) {
      auto at = from_;
      while (*at != one && *at != other && *at != 0 && at - from_ < piece)
        ++at;
      if (work_->spend(static_cast<std::size_t>(at - from_) + 1))
        return verdict::stopped;
      from_ = at;
      if (*at == 0)
        return verdict::differs;
      if (*at == one || *at == other) {
        s_ = ++from_;
        return verdict::matches;
      }
    }
  }

  bool one_character(unsigned c) noexcept {
    if (c == escape_) {
      if ((c = read(p_)) == 0)
        return false;
      escaped_ = p_;
    }
    const auto other = read(s_);
    return same(c, other) || (c == one_ && p_ != escaped_ && other != 0);
  }

  unsigned many_;
  unsigned one_;
  unsigned escape_;
  work_meter* work_;
  bytes p_ = nullptr;
  bytes s_ = nullptr;
  bytes escaped_ = nullptr; // behind the last escaped character
  unsigned sought_ = 0;     // the character behind the last `%`
  bytes behind_ = nullptr;  // the pattern behind that character
  bytes from_ = nullptr;    // the text that is still to be searched
};

// True if LIKE matches blobs. Debian builds SQLite so that it does not.
bool blobs_match() noexcept {
  static const bool match = sqlite3_compileoption_used("LIKE_DOESNT_MATCH_BLOBS") == 0;
  return match;
}

bool is_one_character(bytes text) noexcept {
  if (*text == 0)
    return false;
  read(text);
  return *text == 0;
}

} // namespace

void replaced_like(sqlite3_context* context, int count, sqlite3_value** values) {
  if (!blobs_match() && (sqlite3_value_type(values[0]) == SQLITE_BLOB ||
                         sqlite3_value_type(values[1]) == SQLITE_BLOB))
    return sqlite3_result_int(context, 0);
  if (sqlite3_value_bytes(values[0]) > defaults::like_pattern_bytes)
    return sqlite3_result_error(context, "LIKE or GLOB pattern too complex", -1);
  const auto& own = replaced_function::of(context);
  unsigned many = own.wildcards[0];
  unsigned one = own.wildcards[1];
  unsigned escape = 0;
  if (count == 3) {
    bytes text = sqlite3_value_text(values[2]);
    if (text == nullptr)
      return;
    if (!is_one_character(text))
      return sqlite3_result_error(context, "ESCAPE expression must be a single character", -1);
    escape = read(text);
    if (escape == many)
      many = 0;
    if (escape == one)
      one = 0;
  }
  bytes pattern = sqlite3_value_text(values[0]);
  bytes text = sqlite3_value_text(values[1]);
  if (pattern == nullptr || text == nullptr)
    return;
  if (DBENGINE_MUTANT("escapes nothing"))
    escape = 0;
  work_meter work(*own.stop);
  switch (matcher(many, one, escape, work).run(pattern, text)) {
  case verdict::matches: return sqlite3_result_int(context, 1);
  case verdict::differs: return sqlite3_result_int(context, 0);
  case verdict::stopped: return result_interrupted(context);
  }
}

} // namespace dbengine::sqlite
