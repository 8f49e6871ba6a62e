// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// `trim`, `ltrim`, `rtrim`, `replace` and `instr`. SQLite converts an argument to text in place,
// which changes a blob for the next reader of that register. Each function here converts the same
// arguments in the same order as SQLite's, so that the results of later rows and of the other
// expressions are equal, too.

#include "base/fault.hpp"
#include "sqlite/functions/replaced_functions.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <string_view>

namespace dbengine::sqlite {

namespace {

using bytes = const unsigned char*;

struct sqlite_free {
  void operator()(void* p) const noexcept { sqlite3_free(p); }
};

struct value_free {
  void operator()(sqlite3_value* v) const noexcept { sqlite3_value_free(v); }
};

bool continues(unsigned char c) noexcept {
  return (c & 0xc0) == 0x80;
}

// -- searching ------------------------------------------------------------------------------------

enum class found { here, nowhere, stopped };

// Finds `needle` (not empty) in the `size` bytes from `at` and moves `at` to it. Works in pieces:
// `memmem` is linear, but does not check the deadline.
found find(bytes& at, std::size_t size, std::string_view needle, work_meter& work) noexcept {
  const auto piece = std::max<std::size_t>(work_meter::units_between_checks, 2 * needle.size());
  while (size >= needle.size()) {
    const auto now = std::min(size, piece + needle.size() - 1);
    if (const void* hit = memmem(at, now, needle.data(), needle.size())) {
      const auto skipped = static_cast<std::size_t>(static_cast<bytes>(hit) - at);
      at += skipped;
      return work.spend(skipped + 1) ? found::stopped : found::here;
    }
    if (work.spend(now))
      return found::stopped;
    const auto done = now - (needle.size() - 1);
    at += done;
    size -= done;
  }
  return found::nowhere;
}

std::string_view view(bytes at, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(at), size};
}

// -- trim -----------------------------------------------------------------------------------------

struct character {
  bytes at;
  std::size_t size;
};

bytes next(bytes at) noexcept {
  if (*at++ >= 0xc0)
    while (continues(*at))
      ++at;
  return at;
}

// The characters of a set, in its order: in malformed text one character may start as another does.
struct character_set {
  character few[8];
  std::unique_ptr<character, sqlite_free> many;
  std::size_t count = 0;

  character* all() noexcept { return many ? many.get() : few; }
};

bool take_set(sqlite3_context* context, bytes text, character_set& set) {
  std::size_t count = 0;
  for (bytes at = text; *at != 0; at = next(at))
    ++count;
  if (count > std::size(set.few)) {
    set.many.reset(static_cast<character*>(sqlite3_malloc64(count * sizeof(character))));
    if (set.many == nullptr) {
      sqlite3_result_error_nomem(context);
      return false;
    }
  }
  for (bytes at = text; *at != 0; ++set.count) {
    const auto end = next(at);
    set.all()[set.count] = {at, static_cast<std::size_t>(end - at)};
    at = end;
  }
  return true;
}

// The length of the character of the set at one end of the text; `nowhere` if there is none.
found character_at(bytes text, std::size_t size, bool end, character_set& set, std::size_t& length,
                   work_meter& work) noexcept {
  for (std::size_t i = 0; i < set.count; ++i) {
    const auto& c = set.all()[i];
    if (work.spend(c.size))
      return found::stopped;
    if (c.size <= size && std::memcmp(end ? text + size - c.size : text, c.at, c.size) == 0) {
      length = c.size;
      return found::here;
    }
  }
  return found::nowhere;
}

} // namespace

void replaced_trim(sqlite3_context* context, int count, sqlite3_value** values) {
  if (sqlite3_value_type(values[0]) == SQLITE_NULL)
    return;
  bytes text = sqlite3_value_text(values[0]);
  if (text == nullptr)
    return;
  auto size = static_cast<std::size_t>(sqlite3_value_bytes(values[0]));
  bytes set_text = reinterpret_cast<bytes>(" ");
  if (count == 2 && (set_text = sqlite3_value_text(values[1])) == nullptr)
    return;
  character_set set;
  if (!take_set(context, set_text, set))
    return;
  const auto& own = replaced_function::of(context);
  work_meter work(*own.stop);
  for (const bool end : {false, true}) {
    auto there = (end ? own.right : own.left) ? found::here : found::nowhere;
    while (size > 0 && there == found::here) {
      std::size_t length = 0;
      there = character_at(text, size, end, set, length, work);
      text += end ? 0 : length;
      size -= length;
    }
    if (there == found::stopped)
      return result_interrupted(context);
  }
  sqlite3_result_text(context, reinterpret_cast<const char*>(text), static_cast<int>(size),
                      SQLITE_TRANSIENT);
}

// -- replace --------------------------------------------------------------------------------------

namespace {

// Counts the occurrences of the pattern before anything is written, so that the size of the result
// is known.
found count_places(bytes text, std::size_t size, std::string_view pattern, std::size_t& places,
                   work_meter& work) noexcept {
  for (bytes at = text;; at += pattern.size(), ++places)
    if (const auto f = find(at, size - static_cast<std::size_t>(at - text), pattern, work);
        f != found::here)
      return f;
}

// Writes the result into `out`, which is large enough. False if the statement must stop.
bool write_replaced(unsigned char* out, bytes text, std::size_t size, std::string_view pattern,
                    std::string_view with, work_meter& work) noexcept {
  const bytes end = text + size;
  for (;;) {
    bytes at = text;
    const auto f = find(at, static_cast<std::size_t>(end - text), pattern, work);
    if (f == found::stopped || work.spend(with.size()))
      return false;
    const bytes until = f == found::here ? at : end;
    std::memcpy(out, text, static_cast<std::size_t>(until - text));
    out += until - text;
    if (f == found::nowhere) {
      *out = 0;
      return true;
    }
    std::memcpy(out, with.data(), with.size());
    out += with.size();
    text = at + pattern.size();
  }
}

} // namespace

void replaced_replace(sqlite3_context* context, int, sqlite3_value** values) {
  bytes text = sqlite3_value_text(values[0]);
  if (text == nullptr)
    return;
  const auto size = static_cast<std::size_t>(sqlite3_value_bytes(values[0]));
  bytes pattern_text = sqlite3_value_text(values[1]);
  if (pattern_text == nullptr)
    return;
  const auto& own = replaced_function::of(context);
  if (pattern_text[0] == 0) {
    if (own.keeps_type)
      return sqlite3_result_value(context, values[0]);
    return sqlite3_result_text(context, reinterpret_cast<const char*>(text), static_cast<int>(size),
                               SQLITE_TRANSIENT);
  }
  const auto pattern = view(pattern_text, static_cast<std::size_t>(sqlite3_value_bytes(values[1])));
  bytes with_text = sqlite3_value_text(values[2]);
  if (with_text == nullptr)
    return;
  const auto with = view(with_text, static_cast<std::size_t>(sqlite3_value_bytes(values[2])));
  work_meter work(*own.stop);
  std::size_t places = 0;
  if (count_places(text, size, pattern, places, work) == found::stopped)
    return result_interrupted(context);
  const auto result = size - places * pattern.size() + places * with.size();
  if (result > static_cast<std::size_t>(
                   sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1)))
    return sqlite3_result_error_toobig(context);
  std::unique_ptr<unsigned char, sqlite_free> out(
      static_cast<unsigned char*>(sqlite3_malloc64(result + 1)));
  if (out == nullptr)
    return sqlite3_result_error_nomem(context);
  if (!write_replaced(out.get(), text, size, pattern, with, work))
    return result_interrupted(context);
  sqlite3_result_text(context, reinterpret_cast<char*>(out.release()), static_cast<int>(result),
                      sqlite3_free);
}

// -- instr ----------------------------------------------------------------------------------------

namespace {

// The position of a match. For two blobs in bytes, otherwise in characters; a match inside a
// character does not count.
found place_of(bytes text, std::size_t size, std::string_view needle, bool is_text,
               sqlite3_int64& place, work_meter& work) noexcept {
  bytes at = text;
  if (needle
          // a blob that is not a whole character of UTF-16: SQLite finds the end, or a NUL before
          // it
          .empty())
    at += strnlen(reinterpret_cast<const char*>(text), size);
  while (!needle.empty()) {
    const auto f = find(at, size - static_cast<std::size_t>(at - text), needle, work);
    if (f != found::here)
      return f;
    if (!is_text || at == text || !continues(*at))
      break;
    ++at;
  }
  place = 1;
  if (!is_text) {
    place += at - text;
    return found::here;
  }
  for (bytes p = text; p != at; ++p) {
    if (work.spend(1))
      return found::stopped;
    place += p == text || !continues(*p) ? 1 : 0;
  }
  return found::here;
}

} // namespace

void replaced_instr(sqlite3_context* context, int, sqlite3_value** values) {
  const int text_type = sqlite3_value_type(values[0]);
  const int needle_type = sqlite3_value_type(values[1]);
  if (text_type == SQLITE_NULL || needle_type == SQLITE_NULL)
    return;
  auto size = sqlite3_value_bytes(values[0]);
  auto needle_size = sqlite3_value_bytes(values[1]);
  if (needle_size == 0)
    return sqlite3_result_int(context, 1);
  std::unique_ptr<sqlite3_value, value_free> text_copy;
  std::unique_ptr<sqlite3_value, value_free> needle_copy;
  bytes text = nullptr;
  bytes needle = nullptr;
  const bool blobs = text_type == SQLITE_BLOB && needle_type == SQLITE_BLOB;
  if (blobs) {
    text = static_cast<bytes>(sqlite3_value_blob(values[0]));
    needle = static_cast<bytes>(sqlite3_value_blob(values[1]));
  } else if ((text_type != SQLITE_BLOB && needle_type != SQLITE_BLOB) ||
             DBENGINE_MUTANT("converts blobs in place")) {
    text = sqlite3_value_text(values[0]);
    needle = sqlite3_value_text(values[1]);
  } else { // the text of a blob is taken from a copy
    text_copy.reset(sqlite3_value_dup(values[0]));
    if (text_copy == nullptr || (text = sqlite3_value_text(text_copy.get())) == nullptr)
      return sqlite3_result_error_nomem(context);
    size = sqlite3_value_bytes(text_copy.get());
    needle_copy.reset(sqlite3_value_dup(values[1]));
    if (needle_copy == nullptr || (needle = sqlite3_value_text(needle_copy.get())) == nullptr)
      return sqlite3_result_error_nomem(context);
    needle_size = sqlite3_value_bytes(needle_copy.get());
  }
  if (needle == nullptr || (size != 0 && text == nullptr))
    return sqlite3_result_error_nomem(context);
  sqlite3_int64 place = 0;
  work_meter work(*replaced_function::of(context).stop);
  if (place_of(text, static_cast<std::size_t>(size),
               view(needle, static_cast<std::size_t>(needle_size)), !blobs, place,
               work) == found::stopped)
    return result_interrupted(context);
  sqlite3_result_int64(context, place);
}

} // namespace dbengine::sqlite
