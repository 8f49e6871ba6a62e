// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "base/codec.hpp"

namespace dbengine::base {

void decoder::fail(const char* what) {
  throw error(errc::protocol, std::string("a message cannot be read: ") + what);
}

void decoder::fail_parameters(std::uint64_t n) const {
  throw error(errc::protocol, "a message cannot be read: it has a list of " + std::to_string(n) +
                                  " parameters, a statement takes " +
                                  std::to_string(max_parameters_) + " at most");
}

void decoder::end() const {
  if (!in_.empty())
    fail("bytes follow its last field");
}

void encoder::put(const value& v) {
  put(v.type());
  switch (v.type()) {
  case value_type::null: break;
  case value_type::integer: put(std::get<1>(v.data())); break;
  case value_type::real: put(std::get<2>(v.data())); break;
  case value_type::text: put(std::get<3>(v.data())); break;
  case value_type::blob: put(std::get<4>(v.data())); break;
  }
}

void decoder::get(value& v) {
  value_type t{};
  get(t);
  const auto as = [&]<class T>(T x) {
    get(x);
    v = value(std::move(x));
  };
  switch (t) {
  case value_type::null: v = value(); break;
  case value_type::integer: as(std::int64_t{}); break;
  case value_type::real: as(double{}); break;
  case value_type::text: as(std::string{}); break;
  case value_type::blob: as(blob{}); break;
  default: fail("a value of unknown type");
  }
}

void encoder::put(const params& p) {
  put(p.names());
  put(p.values());
}

void decoder::get(params& p) {
  std::vector<std::string> names;
  std::vector<value> values;
  parameters(names);
  parameters(values);
  if (names.empty()) {
    p = params(std::move(values));
    return;
  }
  if (names.size() != values.size())
    fail("its numbers of parameter names and values differ");
  p = params::from(std::move(names), std::move(values));
}

void encoder::put(const rows& r) {
  put(r.columns());
  put(static_cast<std::uint64_t>(r.size()));
  static const detail::arena none;
  const auto& a = r.arena() ? *r.arena() : none;
  // Encoded cell by cell and field by field, because padding bytes must not leave the process.
  static_assert(sizeof(detail::cell) == 16 && offsetof(detail::cell, size) == 8 &&
                offsetof(detail::cell, type) == 12);
  const auto first = out_.size();
  out_.resize(first + a.cells.size() * sizeof(detail::cell));
  auto* to = out_.data() + first;
  for (const auto& c : a.cells) {
    std::memset(to, 0, sizeof(detail::cell));
    std::memcpy(to, &c.integer, 8);
    std::memcpy(to + 8, &c.size, 4);
    std::memcpy(to + 12, &c.type, 1);
    to += sizeof(detail::cell);
  }
  put(a.bytes);
}

void decoder::get(rows& r) {
  auto a = std::make_shared<detail::arena>();
  auto names = std::make_shared<detail::column_names>();
  std::uint64_t count = 0;
  get(*names);
  get(count);
  if (count != 0 && (names->empty() || count > in_.size() / sizeof(detail::cell) / names->size()))
    fail("a result has more rows than bytes");
  const auto n = static_cast<std::size_t>(count) * names->size();
  const auto raw = take(n * sizeof(detail::cell));
  get(a->bytes);
  a->cells.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    auto& c = a->cells[i];
    const auto* from = raw.data() + i * sizeof(detail::cell);
    std::memcpy(&c.integer, from, 8);
    std::memcpy(&c.size, from + 8, 4);
    std::memcpy(&c.type, from + 12, 1);
    if (c.type > value_type::blob)
      fail("a cell of unknown type");
    if (c.type >= value_type::text &&
        (c.offset > a->bytes.size() || c.size > a->bytes.size() - c.offset))
      fail("a cell points outside its result");
  }
  a->row_count = static_cast<std::size_t>(count);
  a->columns = std::move(names);
  r = rows(std::move(a));
}

void encoder::put(const operation_result& r) {
  put(static_cast<std::uint8_t>(r.is_rows()));
  if (r.is_rows())
    put(r.rows());
  else
    put(r.write());
}

void decoder::get(operation_result& r) {
  std::uint8_t is_rows = 0;
  get(is_rows);
  if (is_rows != 0) {
    rows x;
    get(x);
    r = operation_result(std::move(x));
  } else {
    write_result x;
    get(x);
    r = operation_result(x);
  }
}

} // namespace dbengine::base
