// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include <dbengine/results.hpp>
#include <dbengine/rows.hpp>

#include <algorithm>
#include <cstring>

namespace dbengine {

namespace detail {

void throw_type(const arena& a, std::size_t column, value_type is, std::string_view wanted) {
  throw error(errc::type, "column " + std::to_string(column) + " (\"" + (*a.columns)[column] +
                              "\") is " + std::string(to_string(is)) + ", not " +
                              std::string(wanted));
}

void throw_range(std::string message) {
  throw error(errc::range, std::move(message));
}

} // namespace detail

field row::operator[](std::string_view name) const {
  const auto& names = columns();
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name)
      return (*this)[i];
  std::string have;
  for (const auto& n : names)
    have += (have.empty() ? "" : ", ") + n;
  throw error(errc::no_column, "no column \"" + std::string(name) + "\"; there are: " + have);
}

bool row::contains(std::string_view name) const noexcept {
  const auto& names = columns();
  return std::find(names.begin(), names.end(), name) != names.end();
}

const detail::column_names& rows::columns() const noexcept {
  static const detail::column_names none;
  return arena_ && arena_->columns ? *arena_->columns : none;
}

bool operator==(const rows& a, const rows& b) {
  if (a.arena_ == b.arena_)
    return true;
  if (a.size() != b.size() || a.columns() != b.columns())
    return false;
  const auto n = a.size() * a.columns().size();
  const auto width = a.columns().size();
  for (std::size_t i = 0; i < n; ++i) {
    const auto& x = a.arena_->cells[i];
    const auto& y = b.arena_->cells[i];
    if (x.type != y.type)
      return false;
    switch (x.type) {
    case value_type::null: break;
    case value_type::integer:
      if (x.integer != y.integer)
        return false;
      break;
    case value_type::real: // by bits, so that a NaN equals itself and -0.0 differs from 0
      if (std::memcmp(&x.real, &y.real, sizeof x.real) != 0)
        return false;
      break;
    default:
      if (field(*a.arena_, i, i % width).bytes() != field(*b.arena_, i, i % width).bytes())
        return false;
    }
  }
  return true;
}

const rows& operation_result::rows() const {
  if (const auto* r = std::get_if<dbengine::rows>(&data_))
    return *r;
  throw error(errc::invalid_state, "the result of an execute operation has no rows");
}

const write_result& operation_result::write() const {
  if (const auto* r = std::get_if<write_result>(&data_))
    return *r;
  throw error(errc::invalid_state, "the result of a fetch operation has rows, not changes");
}

std::size_t script_result::failures() const noexcept {
  return static_cast<std::size_t>(std::count_if(
      steps.begin(), steps.end(), [](const script_step& s) { return s.failure.has_value(); }));
}

} // namespace dbengine
