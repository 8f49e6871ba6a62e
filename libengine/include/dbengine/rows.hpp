// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// Results: one arena per result; rows and fields are views into it.
/// Thread safety: immutable, so any number of threads may read one result.
/// Ownership: `rows` shares its arena by reference count; `row` and `field` are views that must not
/// outlive the `rows` they belong to. `owned_row` keeps its arena.

#pragma once

#include <dbengine/value.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace dbengine {

namespace detail {

/// One value of a result, 16 bytes. Text and blobs are `size` bytes at `offset` of the arena's
/// buffer.
struct cell {
  union {
    std::int64_t integer = 0;
    double real;
    std::uint64_t offset;
  };
  std::uint32_t size = 0;
  value_type type = value_type::null;
};
static_assert(sizeof(cell) == 16);

using column_names = std::vector<std::string>;

/// A whole result: the column names (shared with the prepared statement), a flat array of cells in
/// row order, and one buffer for texts and blobs.
struct arena {
  std::shared_ptr<const column_names> columns;
  std::vector<cell> cells;
  std::string bytes;
  std::size_t row_count = 0;

  std::size_t width() const noexcept { return columns ? columns->size() : 0; }
  std::size_t memory() const noexcept { return cells.size() * sizeof(cell) + bytes.size(); }
};

[[noreturn]] void throw_type(const arena& a, std::size_t column, value_type is,
                             std::string_view wanted);
[[noreturn]] void throw_range(std::string message);

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_view =
    std::is_same_v<T, std::string_view> || std::is_same_v<T, std::span<const std::byte>>;
template <class T>
inline constexpr bool is_view<std::optional<T>> = is_view<T>;
template <class T>
inline constexpr bool is_sys_time = false;
template <class D>
inline constexpr bool is_sys_time<std::chrono::sys_time<D>> = true;

} // namespace detail

/// One value of a row, as a view.
class field {
public:
  /// Made by `row`, not by programs. `index` counts all cells of the arena.
  field(const detail::arena& a, std::size_t index, std::size_t column) noexcept
      : arena_(&a), cell_(&a.cells[index]), column_(column) {}

  /// The storage class that SQLite returned; the declared type of the column plays no part.
  value_type type() const noexcept { return cell_->type; }
  /// True for SQL NULL.
  bool is_null() const noexcept { return cell_->type == value_type::null; }

  /// The bytes of a text or blob; empty for every other type.
  std::string_view bytes() const noexcept {
    if (cell_->type < value_type::text)
      return {};
    return {arena_->bytes.data() + cell_->offset, cell_->size};
  }

  /// The value as `T`. No conversion is silent: a value of another type throws `errc::type`.
  /// - an integer type or `bool` (0 or 1) from an integer
  /// - `double` or `float` from a real or an integer; a `float` is rounded
  /// - `std::string` or `std::string_view` from text, `blob` or `span<const byte>` from a blob
  /// - `sys_time` from ISO-8601 text, rounded down to its unit
  /// - `value` from any type; an `optional` of these, empty for null
  ///
  /// Errors: `errc::range` for an integer that `T` does not hold exactly (a `double` holds up to
  /// 2^53), a number beyond its largest and a time beyond its clock. Ownership: a `string_view` or
  /// a `span` is valid as long as the `rows`.
  template <class T>
  T as() const;

private:
  const detail::arena* arena_;
  const detail::cell* cell_;
  std::size_t column_;
};

/// One row, as a view.
class row {
public:
  /// Made by `rows`, not by programs.
  row(const detail::arena& a, std::size_t index) noexcept : arena_(&a), index_(index) {}

  /// The number of columns.
  std::size_t size() const noexcept { return arena_->width(); }
  /// The names of the columns, in the order of the statement; duplicates are kept.
  const detail::column_names& columns() const noexcept { return *arena_->columns; }

  /// The field at a position, from 0. Throws `errc::range` past the end.
  field operator[](std::size_t column) const {
    if (column >= size())
      detail::throw_range("column " + std::to_string(column) + " of a result with " +
                          std::to_string(size()));
    return {*arena_, index_ * size() + column, column};
  }
  /// As above, so that a literal such as `row[0]` is not ambiguous. Throws `errc::range` for a
  /// negative number, too.
  field operator[](int column) const { return (*this)[static_cast<std::size_t>(column)]; }

  /// The field with a name; case-sensitive, the first of duplicates. Throws `errc::no_column`.
  /// Cost: one comparison per column, so use positions in hot loops.
  field operator[](std::string_view name) const;
  /// As above; the name ends at its first NUL.
  field operator[](const char* name) const { return (*this)[std::string_view(name)]; }
  /// As above.
  field operator[](const std::string& name) const { return (*this)[std::string_view(name)]; }
  /// True if a column has this name, compared as `operator[]` compares it.
  bool contains(std::string_view name) const noexcept;

  /// `as<T>()` is the only column as `T`; `as<T, U, …>()` are all columns as a tuple. Throws
  /// `errc::range` if the number of columns differs.
  template <class... Ts>
  auto as() const {
    static_assert(sizeof...(Ts) > 0);
    if (sizeof...(Ts) != size())
      detail::throw_range("a row of " + std::to_string(size()) + " columns cannot be read as " +
                          std::to_string(sizeof...(Ts)) + " values");
    if constexpr (sizeof...(Ts) == 1)
      return (*this)[std::size_t{0}].template as<Ts...>();
    else
      return as_tuple<Ts...>(std::index_sequence_for<Ts...>());
  }

private:
  template <class... Ts, std::size_t... Is>
  std::tuple<Ts...> as_tuple(std::index_sequence<Is...>) const {
    return std::tuple<Ts...>{(*this)[Is].template as<Ts>()...};
  }

  const detail::arena* arena_;
  std::size_t index_;
};

/// The rows of a query: immutable, cheap to copy (one reference count).
class rows {
public:
  /// Random-access iterator by the rules of C++20, and an input iterator by those of C++17, because
  /// `*i` is a `row` by value. Valid as long as the `rows`. Access past the end is undefined,
  /// unlike `rows::operator[]`.
  class iterator {
  public:
    /// @cond internal
    using iterator_category = std::input_iterator_tag;
    using iterator_concept = std::random_access_iterator_tag;
    using value_type = row;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = row;

    iterator() = default;
    iterator(const detail::arena* a, std::ptrdiff_t i) noexcept : arena_(a), index_(i) {}
    row operator*() const noexcept { return {*arena_, static_cast<std::size_t>(index_)}; }
    row operator[](difference_type n) const noexcept { return *(*this + n); }
    iterator& operator++() noexcept { return ++index_, *this; }
    iterator operator++(int) noexcept { return {arena_, index_++}; }
    iterator& operator--() noexcept { return --index_, *this; }
    iterator operator--(int) noexcept { return {arena_, index_--}; }
    iterator& operator+=(difference_type n) noexcept { return index_ += n, *this; }
    iterator& operator-=(difference_type n) noexcept { return index_ -= n, *this; }
    friend iterator operator+(iterator i, difference_type n) noexcept { return i += n; }
    friend iterator operator+(difference_type n, iterator i) noexcept { return i += n; }
    friend iterator operator-(iterator i, difference_type n) noexcept { return i -= n; }
    friend difference_type operator-(iterator a, iterator b) noexcept {
      return a.index_ - b.index_;
    }
    friend bool operator==(iterator a, iterator b) noexcept { return a.index_ == b.index_; }
    friend auto operator<=>(iterator a, iterator b) noexcept { return a.index_ <=> b.index_; }
    /// @endcond

  private:
    const detail::arena* arena_ = nullptr;
    std::ptrdiff_t index_ = 0;
  };

  /// For algorithms.
  using value_type = row;
  /// For algorithms: rows cannot be changed.
  using const_iterator = iterator;

  /// No rows and no columns.
  rows() = default;
  /// Made by the engine. Shares the arena.
  explicit rows(std::shared_ptr<const detail::arena> a) noexcept : arena_(std::move(a)) {}

  /// The number of rows.
  std::size_t size() const noexcept { return arena_ ? arena_->row_count : 0; }
  /// True if there is no row. Column names may exist nevertheless.
  bool empty() const noexcept { return size() == 0; }
  /// The names of the columns, in the order of the statement; also present if there are no rows.
  const detail::column_names& columns() const noexcept;
  /// The row at a position, from 0. Throws `errc::range` past the end.
  row operator[](std::size_t index) const {
    if (index >= size())
      detail::throw_range("row " + std::to_string(index) + " of a result with " +
                          std::to_string(size()));
    return {*arena_, index};
  }
  /// The first row. Throws `errc::range` if there is none.
  row front() const { return (*this)[0]; }
  /// The first row. Valid as long as the `rows`.
  iterator begin() const noexcept { return {arena_.get(), 0}; }
  /// Past the last row.
  iterator end() const noexcept { return {arena_.get(), static_cast<std::ptrdiff_t>(size())}; }
  /// Bytes of cells (16 each), texts and blobs; column names are not counted.
  std::size_t memory() const noexcept { return arena_ ? arena_->memory() : 0; }
  /// The memory behind the rows; for the library.
  const std::shared_ptr<const detail::arena>& arena() const noexcept { return arena_; }

  /// True if column names, types and values are equal.
  friend bool operator==(const rows& a, const rows& b);

private:
  std::shared_ptr<const detail::arena> arena_;
};

/// A row that owns its result; returned by `fetch_one`. A move is a copy (one reference count), so
/// that the moved-from row remains valid.
class owned_row : public row {
public:
  /// The row at `index` of `owner`, from 0. Throws `errc::range` past the end.
  owned_row(rows owner, std::size_t index) : row(owner[index]), owner_(std::move(owner)) {}
  /// Shares the result.
  owned_row(const owned_row&) = default;
  /// Shares the result.
  owned_row& operator=(const owned_row&) = default;

private:
  rows owner_;
};

template <class T>
T field::as() const {
  using detail::throw_type;
  if constexpr (detail::is_optional<T>) {
    if (is_null())
      return std::nullopt;
    return as<typename T::value_type>();
  } else if constexpr (std::is_same_v<T, bool>) {
    if (cell_->type != value_type::integer)
      throw_type(*arena_, column_, cell_->type, "bool");
    if (cell_->integer != 0 && cell_->integer != 1)
      detail::throw_range(std::to_string(cell_->integer) + " is not a bool");
    return cell_->integer != 0;
  } else if constexpr (detail::bindable_integer<T>) {
    if (cell_->type != value_type::integer)
      throw_type(*arena_, column_, cell_->type, "an integer");
    if (!std::in_range<T>(cell_->integer))
      detail::throw_range(std::to_string(cell_->integer) +
                          " does not fit the requested integer type");
    return static_cast<T>(cell_->integer);
  } else if constexpr (std::floating_point<T>) {
    if (cell_->type == value_type::integer) {
      const auto x = static_cast<T>(cell_->integer);
      if (x >= T(0x1p63) || static_cast<std::int64_t>(x) != cell_->integer)
        detail::throw_range(std::to_string(cell_->integer) +
                            " does not fit the requested floating-point type");
      return x;
    }
    if (cell_->type != value_type::real)
      throw_type(*arena_, column_, cell_->type, "a floating-point number");
    if constexpr (sizeof(T) < sizeof(double))
      if (std::abs(cell_->real) > double{std::numeric_limits<T>::max()} && !std::isinf(cell_->real))
        detail::throw_range(std::to_string(cell_->real) +
                            " does not fit the requested floating-point type");
    return static_cast<T>(cell_->real);
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
    if (cell_->type != value_type::text)
      throw_type(*arena_, column_, cell_->type, "text");
    return T(bytes());
  } else if constexpr (std::is_same_v<T, blob> || std::is_same_v<T, std::span<const std::byte>>) {
    if (cell_->type != value_type::blob)
      throw_type(*arena_, column_, cell_->type, "a blob");
    auto b = std::as_bytes(std::span<const char>(bytes()));
    return T(b.begin(), b.end());
  } else if constexpr (detail::is_sys_time<T>) {
    if (cell_->type != value_type::text)
      throw_type(*arena_, column_, cell_->type, "a time as text");
    return detail::from_microseconds<typename T::duration>(detail::parse_iso8601(bytes()));
  } else {
    static_assert(std::is_same_v<T, value>, "no SQLite value converts to this type");
    switch (cell_->type) {
    case value_type::integer: return value(cell_->integer);
    case value_type::real: return value(cell_->real);
    case value_type::text: return value(bytes());
    case value_type::blob: return value(as<blob>());
    case value_type::null: break;
    }
    return value();
  }
}

} // namespace dbengine
