// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// The functions that run statements, shared by all classes that can run them.
/// Thread safety and ownership: those of the class that derives from them. Included by
/// `db_engine.hpp`.

#pragma once

#include <dbengine/backend.hpp>
#include <dbengine/mapping.hpp>

#include <array>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace dbengine {

/// Reading statements, for every class that can run them. `Derived` implements `rows run_fetch(sql,
/// params_view)`.
template <class Derived>
class reading {
public:
  /// Runs one statement and returns all its rows. Parameters: `fetch(sql, {{"name", v}, …})` or
  /// `fetch(sql, a, b, …)`. A statement that writes (RETURNING) is answered after its commit.
  ///
  /// Errors: `errc::bind`, `errc::sql`, `errc::multiple_statements`, `errc::empty_statement`,
  /// `errc::too_big` beyond `options::max_rows` or `max_result_bytes`, `errc::timeout`, and the
  /// others that `errc` lists.
  rows fetch(std::string_view sql, const params& p = {}) const {
    return with(p, [&](const params_view& v) { return self().run_fetch(sql, v); });
  }
  /// As above, with positional arguments: the first for `?` number 1.
  template <bindable... Ts>
  requires(sizeof...(Ts) > 0) rows fetch(std::string_view sql, const Ts&... xs)
  const {
    return with_args([&](const params_view& v) { return self().run_fetch(sql, v); },
                     detail::hold(xs)...);
  }

  /// The first row; nullopt if there is none. All rows are fetched, so use `LIMIT 1` for a large
  /// result. Parameters and errors as `fetch`.
  template <class... Ps>
  std::optional<owned_row> fetch_one(std::string_view sql, const Ps&... xs) const {
    return first(fetch(sql, xs...));
  }
  /// As above, with named parameters.
  std::optional<owned_row> fetch_one(std::string_view sql,
                                     std::initializer_list<named_value> p) const {
    return first(fetch(sql, params(p)));
  }

  /// The first column of the first row as `T`; nullopt if there is no row or the value is null. `T`
  /// must own its bytes (`std::string`, `blob`), because the rows are released before the value is
  /// used.
  template <class T, class... Ps>
  requires(!detail::is_view<T>) std::optional<T> fetch_value(std::string_view sql, const Ps&... xs)
  const { return scalar<T>(fetch(sql, xs...)); }
  /// As above, with named parameters.
  template <class T>
  requires(!detail::is_view<T>) std::optional<T> fetch_value(std::string_view sql,
                                                             std::initializer_list<named_value> p)
  const { return scalar<T>(fetch(sql, params(p))); }

  /// Each row as a struct, column by column in the order of its members (see `to_struct`). The
  /// members must own their bytes.
  template <class T, class... Ps>
  std::vector<T> fetch_as(std::string_view sql, const Ps&... xs) const {
    return structs<T>(fetch(sql, xs...));
  }
  /// As above, with named parameters.
  template <class T>
  std::vector<T> fetch_as(std::string_view sql, std::initializer_list<named_value> p) const {
    return structs<T>(fetch(sql, params(p)));
  }

protected:
  /// @cond internal
  const Derived& self() const noexcept { return static_cast<const Derived&>(*this); }

  template <class F>
  static auto with(const params& p, F&& run) {
    if (p.named())
      return run(params_view{&p, {}});
    std::vector<value_ref> refs(p.values().begin(), p.values().end());
    return run(params_view{nullptr, refs});
  }
  template <class F, class... Hs>
  static auto with_args(F&& run, const Hs&... held) {
    const std::array<value_ref, sizeof...(Hs)> refs{value_ref(held)...};
    return run(params_view{nullptr, refs});
  }
  /// @endcond

private:
  static std::optional<owned_row> first(rows r) {
    if (r.empty())
      return std::nullopt;
    return owned_row(std::move(r), 0);
  }
  template <class T>
  static std::optional<T> scalar(const rows& r) {
    if (r.empty())
      return std::nullopt;
    return r[0][std::size_t{0}].template as<std::optional<T>>();
  }
  template <class T>
  static std::vector<T> structs(const rows& r) {
    std::vector<T> result;
    result.reserve(r.size());
    for (const auto& x : r)
      result.push_back(detail::make_struct<T, false>(x));
    return result;
  }
};

/// Writing statements. `Derived` also implements `run_execute(sql, params_view)` and `run_many(sql,
/// sets)`.
template <class Derived>
class writing : public reading<Derived> {
public:
  /// Runs one statement and returns after the commit that contains it; inside a transaction, after
  /// the statement. What the commit survives is set by `options::synchronous`.
  ///
  /// Errors: as `fetch`, and `errc::constraint`, `errc::disk_full`, `errc::fenced`. The error's
  /// `outcome` says what the statement changed.
  write_result execute(std::string_view sql, const params& p = {}) const {
    return this->with(p, [&](const params_view& v) { return this->self().run_execute(sql, v); });
  }
  /// As above, with positional arguments: the first for `?` number 1.
  template <bindable... Ts>
  requires(sizeof...(Ts) > 0) write_result execute(std::string_view sql, const Ts&... xs)
  const {
    return this->with_args([&](const params_view& v) { return this->self().run_execute(sql, v); },
                           detail::hold(xs)...);
  }
  /// Runs one statement once per parameter set, all or nothing. An error has the index of the
  /// failing set and the outcome `rolled_back`. Without sets nothing runs.
  batch_result execute_many(std::string_view sql, std::span<const params> sets) const {
    return this->self().run_many(sql, sets);
  }
};

} // namespace dbengine
