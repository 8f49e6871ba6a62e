// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/binder.hpp"

#include "base/error_map.hpp"

#include <sqlite3.h>

#include <limits>
#include <unordered_map>

namespace dbengine::sqlite {

namespace {

constexpr auto no_value = std::numeric_limits<std::size_t>::max();

std::string_view without_prefix(std::string_view name) {
  if (!name.empty() && (name[0] == ':' || name[0] == '@' || name[0] == '$'))
    name.remove_prefix(1);
  return name;
}

} // namespace

void binder::load_names() {
  if (!p_->parameter_names.empty() || p_->parameter_count == 0)
    return;
  p_->parameter_names.resize(static_cast<std::size_t>(p_->parameter_count));
  // Up to the first positional parameter, which `map_names` refuses: SQLite searches its list of
  // names from the beginning for each.
  for (int i = 1; i <= p_->parameter_count; ++i) {
    const char* name = sqlite3_bind_parameter_name(p_->stmt, i);
    if (name == nullptr)
      break;
    p_->parameter_names[static_cast<std::size_t>(i - 1)] = name;
    if (*name == '?')
      break;
  }
}

std::string binder::describe(int index) {
  const char* name = sqlite3_bind_parameter_name(p_->stmt, index);
  return name == nullptr ? "?" + std::to_string(index) : name;
}

namespace {

int bind_value(sqlite3_stmt* s, int index, const value_ref& v) noexcept {
  switch (v.type) {
  case value_type::integer: return sqlite3_bind_int64(s, index, v.integer);
  case value_type::real: return sqlite3_bind_double(s, index, v.real);
  case value_type::text:
    return sqlite3_bind_text64(s, index, v.bytes, v.size, SQLITE_STATIC, SQLITE_UTF8);
  case value_type::blob: return sqlite3_bind_blob64(s, index, v.bytes, v.size, SQLITE_STATIC);
  case value_type::null: break;
  }
  return sqlite3_bind_null(s, index);
}

// Binds directly, without a reference: `execute_many` uses this.
int bind_value(sqlite3_stmt* s, int index, const value& v) noexcept {
  if (const auto* text = std::get_if<std::string>(&v.data()))
    return sqlite3_bind_text64(s, index, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
  if (const auto* i = std::get_if<std::int64_t>(&v.data()))
    return sqlite3_bind_int64(s, index, *i);
  if (const auto* d = std::get_if<double>(&v.data()))
    return sqlite3_bind_double(s, index, *d);
  return bind_value(s, index, value_ref(v));
}

} // namespace

template <class T>
inline void binder::bind_one(int index, const T& v) {
  if (const int rc = bind_value(p_->stmt, index, v); rc != SQLITE_OK) [[unlikely]]
    throw_bind_error(rc, index, value_ref(v));
}

void binder::throw_bind_error(int rc, int index, const value_ref& v) {
  throw error(base::last_error(
      db_, rc, 0, "parameter " + describe(index) + " of " + std::to_string(v.size) + " bytes"));
}

void binder::throw_count_error(std::size_t given) {
  const auto wanted = static_cast<std::size_t>(p_->parameter_count);
  auto text = "the statement has " + std::to_string(wanted) +
              (wanted == 1 ? " parameter, " : " parameters, ") + std::to_string(given) +
              (given == 1 ? " was given" : " were given");
  text += given < wanted ? "; missing: " + describe(static_cast<int>(given) + 1)
                         : "; extra: the one at position " + std::to_string(wanted + 1);
  throw error(errc::bind, std::move(text));
}

void binder::map_names(const params& p) {
  load_names();
  const auto& given = p.names();
  std::unordered_map<std::string_view, std::size_t> by_name;
  by_name.reserve(given.size());
  for (std::size_t i = 0; i < given.size(); ++i)
    if (!by_name.emplace(given[i], i).second)
      throw error(errc::bind, "parameter \"" + given[i] + "\" is given twice");
  std::vector<bool> used(given.size());
  std::vector<std::size_t> source(p_->parameter_names.size(), no_value);
  for (std::size_t i = 0; i < p_->parameter_names.size(); ++i) {
    const auto& name = p_->parameter_names[i];
    if (name.empty() || name[0] == '?')
      throw error(errc::bind, "parameter " + std::to_string(i + 1) +
                                  " of the statement is positional (" +
                                  (name.empty() ? "?" : name) + "), but named values were given");
    auto it = by_name.find(name);
    if (it == by_name.end())
      it = by_name.find(without_prefix(name));
    if (it == by_name.end()) {
      std::string have;
      for (std::size_t k = 0; k < given.size() && k < 8; ++k)
        have += (k == 0 ? "" : ", ") + given[k];
      throw error(errc::bind,
                  "no value for parameter " + name + (have.empty() ? "" : "; given: " + have));
    }
    source[i] = it->second;
    used[it->second] = true;
  }
  for (std::size_t i = 0; i < given.size(); ++i)
    if (!used[i])
      throw error(errc::bind, "the statement has no parameter \"" + given[i] + "\"");
  mapped_names_ = given;
  source_ = std::move(source);
}

void binder::bind(const params& set) {
  const auto& values = set.values();
  if (!set.named()) {
    check_count(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      bind_one(static_cast<int>(i) + 1, values[i]);
    return;
  }
  if (source_.empty() || mapped_names_ != set.names())
    map_names(set);
  for (std::size_t i = 0; i < source_.size(); ++i)
    bind_one(static_cast<int>(i) + 1, values[source_[i]]);
}

bool binder::bind_rows(std::span<const params> sets) noexcept {
  const auto each = static_cast<std::size_t>(p_->parameter_count) / sets.size();
  int index = 0;
  for (const auto& set : sets) {
    const auto& values = set.values();
    if (set.named() || values.size() != each)
      return false;
    for (const auto& v : values)
      if (bind_value(p_->stmt, ++index, v) != SQLITE_OK)
        return false;
  }
  return true;
}

void binder::bind(const params_view& v) {
  if (v.named != nullptr)
    return bind(*v.named);
  check_count(v.positional.size());
  for (std::size_t i = 0; i < v.positional.size(); ++i)
    bind_one(static_cast<int>(i) + 1, v.positional[i]);
}

} // namespace dbengine::sqlite
