// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/sqlite/function_cases.hpp"

#include "sqlite/functions/replaced_functions.hpp"

#include <sqlite3.h>

#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>

namespace dbengine::test {

namespace {

constexpr int rows_of_a_round = 24;

void run(sqlite3* db, const std::string& sql) {
  if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    throw std::runtime_error(sql + ": " + sqlite3_errmsg(db));
}

// A random value of any type, bound alike to statements of both sides.
class random_value {
public:
  explicit random_value(std::mt19937_64& r) : kind_(pick(r, 10)) {
    static constexpr std::int64_t integers[] = {
        0, 1, -1, 12, 1212, 100, std::numeric_limits<std::int64_t>::min(), 4611686018427387904};
    static constexpr double reals[] = {0.0, 1.0, -1.5, 1.21, 1e300, 100.0};
    integer_ = integers[pick(r, std::size(integers))];
    real_ = reals[pick(r, std::size(reals))];
    if (kind_ >= 3)
      bytes_ = text(r);
    if (kind_ == 9) // UTF-16 with unpaired surrogates
      for (std::size_t n = pick(r, 6); n > 0; --n)
        wide_ += u"aA%\xe9\xd800\xdc00"[pick(r, 6)];
  }

  void bind(sqlite3_stmt* s, int index) const {
    switch (kind_) {
    case 0: sqlite3_bind_null(s, index); break;
    case 1: sqlite3_bind_int64(s, index, integer_); break;
    case 2: sqlite3_bind_double(s, index, real_); break;
    case 3:
    case 4: sqlite3_bind_blob64(s, index, bytes_.data(), bytes_.size(), SQLITE_TRANSIENT); break;
    case 9:
      sqlite3_bind_text16(s, index, wide_.data(), static_cast<int>(2 * wide_.size()),
                          SQLITE_TRANSIENT);
      break;
    default:
      sqlite3_bind_text64(s, index, bytes_.data(), bytes_.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    }
  }

  std::string literal() const {
    static constexpr char digits[] = "0123456789abcdef";
    std::string hex;
    for (const unsigned char c : bytes_)
      hex += {digits[c >> 4], digits[c & 15]};
    switch (kind_) {
    case 0: return "NULL";
    case 1:
      return integer_ == std::numeric_limits<std::int64_t>::min() ? "(-9223372036854775807-1)"
                                                                  : std::to_string(integer_);
    case 2: return std::to_string(real_);
    case 3:
    case 4: return "x'" + hex + "'";
    case 5: return "CAST(x'" + hex + "' AS TEXT)";
    default: {
      std::string quoted = "'";
      for (const char c : bytes_)
        if (c != 0)
          quoted += c == '\'' ? "''" : std::string(1, c);
      return quoted + "'";
    }
    }
  }

private:
  static std::size_t pick(std::mt19937_64& r, std::size_t n) { return r() % n; }

  // Few different characters, so that many texts match: wildcards, an escape character, numbers,
  // UTF-8 characters (long, short and ill-formed), NUL.
  static std::string text(std::mt19937_64& r) {
    using namespace std::string_literals;
    static const std::string common[] = {"a", "a", "a", "b", "A", "%", "_", "1", " ", "\\"};
    static const std::string rare[] = {"\xc3\xa9", "\xc3\xa9",     "\xc3\x89", "\xf0\x9f\x98\x80",
                                       "\xc3",     "\xa9",         "\xff",     "\xed\xa0\x80",
                                       "\xc0\x80", "\xef\xbf\xbe", "\xfc\x81", "\0"s,
                                       "2",        "ab",           "%a",       "'"};
    std::string s;
    const bool plain = pick(r, 3) != 0;
    for (auto n = pick(r, pick(r, 40) == 0 ? 400 : 9); n > 0; --n)
      s += plain || pick(r, 2) == 0 ? common[pick(r, std::size(common))]
                                    : rare[pick(r, std::size(rare))];
    return s;
  }

  std::size_t kind_;
  std::int64_t integer_ = 0;
  double real_ = 0;
  std::string bytes_;
  std::u16string wide_;
};

// The types and bytes of a row, without any conversion.
std::string row_of(sqlite3_stmt* s) {
  std::string row;
  for (int i = 0; i < sqlite3_column_count(s); ++i) {
    const int type = sqlite3_column_type(s, i);
    row += "|" + std::to_string(type) + ":";
    if (type == SQLITE_BLOB || type == SQLITE_TEXT) {
      const void* bytes = sqlite3_column_blob(s, i);
      const int size = sqlite3_column_bytes(s, i);
      row.append(static_cast<const char*>(bytes == nullptr ? "" : bytes),
                 static_cast<std::size_t>(bytes == nullptr ? 0 : size));
    } else if (type == SQLITE_FLOAT) {
      row += std::to_string(sqlite3_column_double(s, i));
    } else if (type == SQLITE_INTEGER) {
      row += std::to_string(sqlite3_column_int64(s, i));
    }
  }
  return row;
}

// One more row of the statement, or how the statement ended.
std::string step(sqlite3* db, sqlite3_stmt* s, bool& ended) {
  const int rc = sqlite3_step(s);
  ended = rc != SQLITE_ROW;
  return rc == SQLITE_ROW ? row_of(s)
                          : "code " + std::to_string(sqlite3_extended_errcode(db)) + " " +
                                (rc == SQLITE_DONE ? "" : sqlite3_errmsg(db));
}

} // namespace

const std::vector<replaced_function>& replaced_functions() {
  static const std::vector<replaced_function> all{
      {"like", 2},  {"like", 3},  {"trim", 1},  {"trim", 2},    {"ltrim", 1},
      {"ltrim", 2}, {"rtrim", 1}, {"rtrim", 2}, {"replace", 3}, {"instr", 2}};
  return all;
}

function_cases::function_cases(const std::string& encoding, std::uint64_t seed) : random_(seed) {
  for (auto* s : {&stock_, &own_}) {
    sqlite3_open(":memory:", &s->db);
    sqlite3_extended_result_codes(s->db, 1);
    run(s->db, "PRAGMA encoding='" + encoding + "'; CREATE TABLE t (a, b, c)");
  }
  sqlite::register_replaced_functions(own_.db, std::make_shared<sqlite::stop_test>());
}

function_cases::~function_cases() {
  for (auto* s : {&stock_, &own_})
    sqlite3_close(s->db);
}

void function_cases::difference(std::string what) {
  ++different_;
  if (differences_.size() < 10)
    differences_.push_back(std::move(what));
}

void function_cases::fill() {
  sqlite3_stmt* put[2] = {};
  int i = 0;
  for (auto* s : {&stock_, &own_}) {
    run(s->db, "BEGIN; DELETE FROM t");
    sqlite3_prepare_v2(s->db, "INSERT INTO t VALUES (?1, ?2, ?3)", -1, &put[i++], nullptr);
  }
  for (int row = 0; row < rows_of_a_round; ++row) {
    for (int column = 1; column <= 3; ++column) {
      const random_value v(random_);
      for (auto* s : put)
        v.bind(s, column);
    }
    for (auto* s : put) {
      sqlite3_step(s);
      sqlite3_reset(s);
    }
  }
  for (auto* s : put)
    sqlite3_finalize(s);
  for (auto* s : {&stock_, &own_})
    run(s->db, "COMMIT");
}

void function_cases::compare(const std::string& sql) {
  sqlite3_stmt* stock = nullptr;
  sqlite3_stmt* own = nullptr;
  const int stock_code = sqlite3_prepare_v2(stock_.db, sql.c_str(), -1, &stock, nullptr);
  const int own_code = sqlite3_prepare_v2(own_.db, sql.c_str(), -1, &own, nullptr);
  if (stock_code != own_code)
    difference(sql + " does not prepare alike: " + sqlite3_errmsg(own_.db));
  if (stock_code == SQLITE_OK && own_code == SQLITE_OK) {
    for (int i = 1; i <= sqlite3_bind_parameter_count(stock); ++i) {
      const random_value v(random_);
      v.bind(stock, i);
      v.bind(own, i);
    }
    for (bool ended = false; !ended;) {
      const auto a = step(stock_.db, stock, ended);
      bool own_ended = false;
      const auto b = step(own_.db, own, own_ended);
      ended = ended || own_ended;
      if (a != b)
        difference(sql + "\n  SQLite: " + a + "\n  ours:   " + b);
    }
  }
  sqlite3_finalize(stock);
  sqlite3_finalize(own);
}

std::size_t function_cases::calls(const replaced_function& f) {
  static const char* const one[] = {"a", "?1", "a || b"};
  static const char* const two[] = {
      "a, ?1",       "?2, a",     "a, b",      "?1, ?2", "a || b, ?1",      "b, ?3",
      "a || '%', a", "a || b, b", "a, b || a", "a, a",   "'%' || b, a || b"};
  static const char* const three[] = {"a, b, ?1", "?1, a, ?2", "a, ?2, b", "?1, ?2, ?3", "a, b, c"};
  static const char* const escaped[] = {"a, b, '\\'", "a, ?1, '\\'", "?1, b, 'a'",
                                        "a, b, 'a'",  "a, ?1, '%'",  "a, b, '_'",
                                        "a, b, 'é'",  "a, b, ?1",    "a, ?1, c",
                                        "a, a, '\\'", "a, a, 'a'",   "b || '%', b || a, '\\'"};
  // A failing call ends its statement, so calls that can fail have separate statements.
  const bool alone = std::strcmp(f.name, "like") == 0 && f.arguments == 3;
  const auto shapes = f.arguments == 1   ? std::span<const char* const>(one)
                      : f.arguments == 2 ? std::span<const char* const>(two)
                      : alone            ? std::span<const char* const>(escaped)
                                         : std::span<const char* const>(three);
  fill();
  std::string all = "SELECT 0";
  for (const char* shape : shapes) {
    const auto call = std::string(f.name) + "(" + shape + ")";
    if (alone)
      compare("SELECT " + call + " FROM t");
    all += ", " + call + ", typeof(" + call + ")";
  }
  if (!alone)
    compare(all + ", typeof(?1), ?1, typeof(?2), ?2, a, typeof(b) FROM t");
  return shapes.size() * rows_of_a_round * (alone ? 1 : 2);
}

std::string function_cases::literal() {
  return random_value(random_).literal();
}

std::size_t function_cases::constants(const replaced_function& f) {
  fill();
  constexpr std::size_t places = 3;
  for (std::size_t i = 0; i < places; ++i) {
    std::string arguments;
    std::string types;
    for (int k = 0; k < f.arguments; ++k) {
      const auto v = static_cast<std::size_t>(k) == i ? "a" : literal();
      arguments += (k == 0 ? "" : ", ") + v;
      types += ", " + v + ", typeof(" + v + ")";
    }
    compare("SELECT " + std::string(f.name) + "(" + arguments + ")" + types + " FROM t");
  }
  return places * rows_of_a_round;
}

namespace {

// Copies a database's bytes to another handle.
void hand_over(sqlite3* from, sqlite3* to) {
  sqlite3_int64 size = 0;
  auto* bytes = sqlite3_serialize(from, "main", &size, 0);
  sqlite3_deserialize(to, "main", bytes, size, size,
                      SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_READONLY);
}

} // namespace

void function_cases::check_elsewhere(const side& made, const side& checks,
                                     const std::string& expression,
                                     const std::vector<std::string>& rows) {
  sqlite3* there = nullptr;
  sqlite3* here = nullptr;
  sqlite3_open(":memory:", &there);
  sqlite3_open(":memory:", &here);
  (&made == &own_
       ? sqlite::register_replaced_functions(there, std::make_shared<sqlite::stop_test>())
       : sqlite::register_replaced_functions(here, std::make_shared<sqlite::stop_test>()));
  sqlite3_stmt* encoding = nullptr;
  sqlite3_prepare_v2(checks.db, "PRAGMA encoding", -1, &encoding, nullptr);
  sqlite3_step(encoding);
  run(there, "PRAGMA encoding='" +
                 std::string(reinterpret_cast<const char*>(sqlite3_column_text(encoding, 0))) +
                 "'");
  sqlite3_finalize(encoding);
  run(there, "CREATE TABLE g (a, b, c, s AS (" + expression + ") STORED); CREATE INDEX i ON g (" +
                 expression + ", a)");
  for (const auto& row : rows) // a row whose call fails is in neither
    sqlite3_exec(there, ("INSERT INTO g VALUES (" + row + ")").c_str(), nullptr, nullptr, nullptr);
  hand_over(there, here);
  sqlite3_stmt* s = nullptr;
  sqlite3_prepare_v2(here, "PRAGMA integrity_check", -1, &s, nullptr);
  while (sqlite3_step(s) == SQLITE_ROW)
    if (const std::string found = reinterpret_cast<const char*>(sqlite3_column_text(s, 0));
        found != "ok")
      difference(expression + " stored by " + (&made == &own_ ? "us" : "SQLite") + ": " + found);
  sqlite3_finalize(s);
  // The integrity check of SQLite 3.40 does not verify stored values.
  sqlite3_prepare_v2(here, ("SELECT s, " + expression + " FROM g").c_str(), -1, &s, nullptr);
  while (sqlite3_step(s) == SQLITE_ROW) {
    const auto row = row_of(s);
    const auto half = row.size() / 2;
    if (row.substr(0, half) != row.substr(half))
      difference(expression + " is stored otherwise: " + row);
  }
  sqlite3_finalize(s);
  sqlite3_close(here);
  sqlite3_close(there);
}

std::size_t function_cases::stored(const replaced_function& f) {
  const std::string arguments[] = {"", "a", "a, b", "a, b, c"};
  const auto expression = std::string(f.name) + "(" + arguments[f.arguments] + ")";
  std::vector<std::string> rows;
  for (int i = 0; i < rows_of_a_round; ++i)
    rows.push_back(literal() + ", " + literal() + ", " +
                   (f.arguments == 3 && std::strcmp(f.name, "like") == 0 ? "'\\'" : literal()));
  check_elsewhere(own_, stock_, expression, rows);
  check_elsewhere(stock_, own_, expression, rows);
  return 4 * rows.size();
}

} // namespace dbengine::test
