// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// The parameters of a statement: positional or named.
/// Thread safety: plain data. Ownership: owns its values.

#pragma once

#include <dbengine/value.hpp>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace dbengine {

/// One named parameter. The name may have SQLite's prefix (`:name`, `@name`, `$name`) or none.
struct named_value {
  /// `x` is anything that a `value` can hold. Throws what its constructor throws (`errc::range`).
  template <class T>
  requires std::constructible_from<value, T> named_value(std::string n, T&& x)
      : name(std::move(n)), val(std::forward<T>(x)) {}

  /// The parameter's name, with or without SQLite's prefix.
  std::string name;
  /// The value to bind.
  value val;
};

/// The parameters of one run of a statement: named, `{{"name", "Ada"}, {"age", 36}}`, or
/// positional, `params::of("Ada", 36)` or `{"Ada", 36}`; never mixed. They are checked when they
/// are bound: a missing, extra or misspelt parameter is `errc::bind`, and nothing runs.
class params {
public:
  /// No parameters.
  params() = default;
  /// Named parameters. Throws `errc::bind` if a name is empty or occurs twice.
  params(std::initializer_list<named_value> items) {
    names_.reserve(items.size());
    values_.reserve(items.size());
    for (const auto& item : items)
      add(item.name, item.val);
  }
  /// Positional parameters, the first for `?` number 1.
  params(std::initializer_list<value> items) : values_(items) {}
  /// Positional parameters, the first for `?` number 1.
  explicit params(std::vector<value> items) : values_(std::move(items)) {}

  /// Positional parameters of any types that a `value` can hold. Throws `errc::range` as `value`.
  template <bindable... Ts>
  static params of(const Ts&... xs) {
    return params(std::vector<value>{value(xs)...});
  }

  /// Named parameters from two parallel lists.
  /// Errors: `errc::bind` if the lengths differ or a name is empty. A duplicate name is found when
  /// the statement is bound.
  static params from(std::vector<std::string> names, std::vector<value> values);

  /// Appends a named parameter. Throws `errc::bind` if there are positional ones, or if the name is
  /// empty or a duplicate. Cost: one comparison per earlier name.
  void add(std::string name, value x);
  /// Appends a positional parameter. Throws `errc::bind` if there are named ones.
  void add(value x);

  /// True if there are named parameters; false if there are none or positional ones.
  bool named() const noexcept { return !names_.empty(); }
  /// The number of parameters.
  std::size_t size() const noexcept { return values_.size(); }
  /// True if there are no parameters.
  bool empty() const noexcept { return values_.empty(); }
  /// The values in the order in which they were added; parallel to `names()` if they are named.
  const std::vector<value>& values() const noexcept { return values_; }
  /// The names as they were given, with their prefixes; empty if the parameters are positional.
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
  /// Named parameters; nullptr if they are positional. Not owned.
  const params* named = nullptr;
  /// Positional values; used if `named` is nullptr. Not owned.
  std::span<const value_ref> positional;

  /// An owning copy, for a request that outlives the call.
  params owned() const;
};

} // namespace dbengine
