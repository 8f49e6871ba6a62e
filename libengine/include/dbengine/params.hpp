// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The parameters of a statement: positional or named.
// Thread safety: plain data. Ownership: owns its values.

#pragma once

#include <dbengine/value.hpp>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace dbengine {

/// One named parameter. The name may have SQLite's prefix (`:name`, `@name`, `$name`) or none.
struct named_value {
  template <class T>
  requires std::constructible_from<value, T> named_value(std::string n, T&& x)
      : name(std::move(n)), val(std::forward<T>(x)) {}

  std::string name;
  value val;
};

/// The parameters of one run of a statement: named, `{{"name", "Ada"}, {"age", 36}}`, or
/// positional, `params::of("Ada", 36)` or `{"Ada", 36}`; never mixed. They are checked when they
/// are bound: a missing, extra or misspelt parameter is `errc::bind`, and nothing runs.
class params {
public:
  params() = default;
  params(std::initializer_list<named_value> items) {
    names_.reserve(items.size());
    values_.reserve(items.size());
    for (const auto& item : items)
      add(item.name, item.val);
  }
  params(std::initializer_list<value> items) : values_(items) {}
  explicit params(std::vector<value> items) : values_(std::move(items)) {}

  template <bindable... Ts>
  static params of(const Ts&... xs) {
    return params(std::vector<value>{value(xs)...});
  }

  /// Named parameters from two parallel lists.
  /// Errors: `errc::bind` if the lengths differ or a name is empty. A duplicate name is found when
  /// the statement is bound.
  static params from(std::vector<std::string> names, std::vector<value> values);

  /// Appends a named parameter. Throws `errc::bind` if there are positional ones or the name is a
  /// duplicate.
  void add(std::string name, value x);
  /// Appends a positional parameter. Throws `errc::bind` if there are named ones.
  void add(value x);

  bool named() const noexcept { return !names_.empty(); }
  std::size_t size() const noexcept { return values_.size(); }
  bool empty() const noexcept { return values_.empty(); }
  /// Parallel to `names()` if the parameters are named.
  const std::vector<value>& values() const noexcept { return values_; }
  const std::vector<std::string>& names() const noexcept { return names_; }
  /// Bytes held by names, texts and blobs, as the queue's byte bound counts them.
  std::size_t bytes() const noexcept;

  friend bool operator==(const params&, const params&) = default;

private:
  std::vector<std::string> names_;
  std::vector<value> values_;
};

/// Parameters as the binder reads them: named ones, or references to positional values.
struct params_view {
  const params* named = nullptr;
  std::span<const value_ref> positional;

  /// An owning copy, for a request that outlives the call.
  params owned() const;
};

} // namespace dbengine
