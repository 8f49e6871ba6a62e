// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The encoding of requests and results. Encoded data is decoded to equal data, and bytes that are
// not an encoding are refused. A list takes no more memory than its message may. Arbitrary bytes
// are tested by tests/fuzz/wire.cpp.

#include "base/codec.hpp"

#include "support/engine/engine_fixture.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using dbengine::base::decode;
using dbengine::base::decoder;
using dbengine::base::encode;
using dbengine::test::failure_of;

namespace {

template <class T>
T returned(const T& x) {
  T y{};
  decode(encode(x), y);
  return y;
}

std::uint64_t bits(double d) {
  return std::bit_cast<std::uint64_t>(d);
}

/// Why the bytes are not an encoding of T; empty if they are one.
template <class T>
std::string refusal(const std::string& bytes) {
  T x{};
  const auto e = failure_of([&] { decode(bytes, x); });
  return e.code == errc::protocol ? e.message : e.code == errc::none ? "" : "another error";
}

std::string number(std::uint64_t n) {
  return encode(n);
}

/// Two columns and two rows with a value of each type.
rows example_rows() {
  auto a = std::make_shared<detail::arena>();
  a->columns = std::make_shared<detail::column_names>(detail::column_names{"n", "x"});
  a->bytes = std::string("text\0\xff", 6);
  a->row_count = 2;
  a->cells.resize(4);
  a->cells[0] = {{.integer = -1}, 0, value_type::integer};
  a->cells[1] = {{.offset = 0}, 4, value_type::text};
  a->cells[2] = {{.real = -0.0}, 0, value_type::real};
  a->cells[3] = {{.offset = 4}, 2, value_type::blob};
  return rows(std::move(a));
}

/// The bytes of `example_rows` before its cells: the names, and the count of rows.
std::string head_of_example() {
  return encode(std::vector<std::string>{"n", "x"}) + number(2);
}

} // namespace

CAF_TEST(values of each type are decoded to the same bits) {
  const value integers[] = {value(0), value(-1), value(std::numeric_limits<std::int64_t>::min()),
                            value(std::numeric_limits<std::int64_t>::max())};
  for (const auto& v : integers)
    CAF_CHECK(returned(v) == v);
  CAF_CHECK(returned(value()).type() == value_type::null);
  const double reals[] = {0.0,
                          -0.0,
                          1.5,
                          std::numeric_limits<double>::denorm_min(),
                          std::numeric_limits<double>::max(),
                          std::numeric_limits<double>::infinity(),
                          -std::numeric_limits<double>::infinity(),
                          std::numeric_limits<double>::quiet_NaN(),
                          std::bit_cast<double>(std::uint64_t{0xfff8'0000'dead'beef})};
  for (const auto d : reals)
    CAF_CHECK_EQUAL(bits(std::get<double>(returned(value(d)).data())), bits(d));
  const std::string texts[] = {"", "a", std::string("\0\0", 2), "\xff\xfe",
                               std::string(70'000, 'x')};
  for (const auto& s : texts) {
    CAF_CHECK(returned(value(s)) == value(s));
    const auto raw = std::as_bytes(std::span(s));
    const blob b(raw.begin(), raw.end());
    CAF_CHECK(returned(value(b)) == value(b));
    CAF_CHECK(returned(value(b)).type() == value_type::blob);
  }
}

CAF_TEST(numbers are little - endian and texts have their length in front) {
  CAF_CHECK_EQUAL(encode(std::uint32_t{0x01020304}), "\x04\x03\x02\x01");
  CAF_CHECK_EQUAL(encode(std::string("ab")), std::string("\2\0\0\0\0\0\0\0ab", 10));
  CAF_CHECK_EQUAL(encode(std::optional<std::uint8_t>{}), std::string(1, '\0'));
  CAF_CHECK_EQUAL(encode(std::optional<std::uint8_t>{7}), "\1\7");
  // An integer value: its type, then eight bytes.
  CAF_CHECK_EQUAL(encode(value(1)).size(), 9u);
}

CAF_TEST(parameters keep their order and their names) {
  const params none;
  const params by_position{1, "two", 3.0};
  const params by_name{{"a", 1}, {"b", nullptr}};
  CAF_CHECK(returned(none).empty());
  CAF_CHECK(returned(by_position).values() == by_position.values());
  CAF_CHECK(!returned(by_position).named());
  CAF_CHECK(returned(by_name).names() == by_name.names());
  CAF_CHECK(returned(by_name).values() == by_name.values());
  const std::vector<value> one{value(1)};
  CAF_CHECK(refusal<params>(encode(std::vector<std::string>{"a", "b"}, one)).find("names") !=
            std::string::npos);
}

CAF_TEST(an error keeps its code and its outcome and its places) {
  const error_info full{.code = errc::constraint,
                        .outcome = outcome::rolled_back,
                        .extended_code = 2067,
                        .offset = 12,
                        .index = 3,
                        .message = "UNIQUE constraint failed: t.n"};
  CAF_CHECK(returned(full) == full);
  CAF_CHECK(returned(error_info{}) == error_info{});
}

CAF_TEST(a result keeps its names and the bits of its cells) {
  const auto r = example_rows();
  const auto back = returned(r);
  CAF_REQUIRE_EQUAL(back.size(), 2u);
  CAF_CHECK(back.columns() == r.columns());
  CAF_CHECK_EQUAL(back[0][0].as<std::int64_t>(), -1);
  CAF_CHECK_EQUAL(back[0][1].as<std::string>(), "text");
  CAF_CHECK_EQUAL(bits(back[1][0].as<double>()), bits(-0.0));
  CAF_CHECK_EQUAL(encode(back), encode(r));
  CAF_CHECK_EQUAL(returned(rows{}).size(), 0u);
  CAF_CHECK(returned(operation_result(r)).is_rows());
  CAF_CHECK(!returned(operation_result(write_result{})).is_rows());
}

CAF_TEST(no part of an encoded message is a message) {
  const auto bytes = encode(params{{"a", 1}, {"b", "text"}});
  for (std::size_t n = 0; n < bytes.size(); ++n)
    CAF_CHECK_NOT_EQUAL(refusal<params>(bytes.substr(0, n)), "");
  CAF_CHECK_EQUAL(refusal<params>(bytes), "");
  CAF_CHECK_NOT_EQUAL(refusal<params>(bytes + '\0'), "");
  const auto result = encode(example_rows());
  for (std::size_t n = 0; n < result.size(); ++n)
    CAF_CHECK_NOT_EQUAL(refusal<rows>(result.substr(0, n)), "");
  CAF_CHECK_NOT_EQUAL(refusal<rows>(result + '\0'), "");
}

CAF_TEST(a type that is none is refused) {
  for (int type = 5; type < 256; ++type)
    CAF_CHECK(refusal<value>(std::string(1, static_cast<char>(type)) + number(0)).find("type") !=
              std::string::npos);
}

CAF_TEST(a length that its message does not have is refused before it takes memory) {
  for (const auto n : {std::uint64_t{1}, std::uint64_t{1} << 32, std::uint64_t{1} << 63,
                       std::numeric_limits<std::uint64_t>::max()}) {
    CAF_CHECK_NOT_EQUAL(refusal<std::string>(number(n)), "");
    CAF_CHECK_NOT_EQUAL(refusal<std::vector<value>>(number(n)), "");
    CAF_CHECK_NOT_EQUAL(refusal<params>(number(0) + number(n)), "");
    // A row count of 64 bits, with column names and without.
    CAF_CHECK_NOT_EQUAL(refusal<rows>(number(0) + number(n) + number(0)), "");
    CAF_CHECK_NOT_EQUAL(refusal<rows>(encode(std::vector<std::string>{"n"}) + number(n)), "");
  }
  // 2^60 rows of 16 columns of 16 bytes are 2^68 bytes, 0 if a product wraps around.
  const std::vector<std::string> names(16, "n");
  CAF_CHECK_NOT_EQUAL(refusal<rows>(encode(names) + number(std::uint64_t{1} << 60) + number(0)),
                      "");
}

CAF_TEST(a cell that points outside its result is refused) {
  const auto with_cell = [](std::uint64_t at, std::uint32_t size, value_type type) {
    return encode(std::vector<std::string>{"n"}) + number(1) + number(at) + encode(size) +
           encode(type) + std::string(3, '\0') + encode(std::string("12345678"));
  };
  CAF_CHECK_EQUAL(refusal<rows>(with_cell(0, 8, value_type::text)), "");
  CAF_CHECK_EQUAL(refusal<rows>(with_cell(8, 0, value_type::blob)), "");
  CAF_CHECK_EQUAL(refusal<rows>(with_cell(99, 99, value_type::integer)), "");
  for (const auto type : {value_type::text, value_type::blob}) {
    CAF_CHECK_NOT_EQUAL(refusal<rows>(with_cell(0, 9, type)), "");
    CAF_CHECK_NOT_EQUAL(refusal<rows>(with_cell(8, 1, type)), "");
    CAF_CHECK_NOT_EQUAL(refusal<rows>(with_cell(9, 0, type)), "");
    // Offset and size wrap around to 7.
    CAF_CHECK_NOT_EQUAL(
        refusal<rows>(with_cell(std::numeric_limits<std::uint64_t>::max(), 8, type)), "");
  }
  CAF_CHECK_NOT_EQUAL(refusal<rows>(with_cell(0, 0, static_cast<value_type>(5))), "");
  CAF_CHECK_NOT_EQUAL(refusal<rows>(head_of_example()), "");
}

CAF_TEST(lists of a message take no more memory than it may) {
  // A value takes one byte in the message and about 40 in memory.
  const std::vector<value> many(1'000);
  const auto bytes = encode(many);
  const auto read = [&](std::size_t budget) {
    std::vector<value> v;
    return failure_of([&] {
             decoder d(bytes, budget);
             d(v);
             d.end();
           })
        .code;
  };
  CAF_CHECK(read(1'000 * sizeof(value)) == errc::none);
  CAF_CHECK(read(1'000 * sizeof(value) - 1) == errc::protocol);
  // All lists of a message share one budget.
  const auto twice = bytes + bytes;
  std::vector<value> first, second;
  const auto e = failure_of([&] {
    decoder d(twice, 1'999 * sizeof(value));
    d(first, second);
  });
  CAF_CHECK(e.code == errc::protocol);
  CAF_CHECK_EQUAL(first.size(), 1'000u);
}

CAF_TEST(a list of parameters has a bound of its own) {
  const auto bytes = encode(params(std::vector<value>(5)));
  for (const std::size_t most : {4u, 5u}) {
    params p;
    const auto e = failure_of([&] {
      decoder d(bytes);
      d.bound_parameters(most);
      d(p);
    });
    CAF_CHECK(e.code == (most == 5 ? errc::none : errc::protocol));
  }
}
