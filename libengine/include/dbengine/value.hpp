// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// A value that is bound to a statement or read from it.
/// Thread safety: plain data. Ownership: `value` owns its bytes, `value_ref` refers to its
/// caller's.

#pragma once

#include <dbengine/error.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace dbengine {

/// SQLite's five storage classes.
enum class value_type : std::uint8_t {
  null = 0,    ///< SQL NULL
  integer = 1, ///< 64 bits, signed
  real = 2,    ///< IEEE double
  text = 3,    ///< UTF-8, may contain NULs
  blob = 4     ///< bytes, unchanged
};

/// The class in lower case, as SQL's `typeof` returns it: "null", "integer", "real", "text" or
/// "blob". The text is static.
std::string_view to_string(value_type type) noexcept;

/// The bytes of a value of type `value_type::blob`; owned.
using blob = std::vector<std::byte>;

namespace detail {

/// `2024-03-01 12:00:00.123456` (UTC), as SQLite's date functions read it. The fraction is omitted
/// if the unit of the clock is a second or more.
std::string iso8601(std::chrono::sys_time<std::chrono::microseconds> t, bool fraction);
/// The inverse. Throws `errc::type` for text that is not such a time.
std::chrono::sys_time<std::chrono::microseconds> parse_iso8601(std::string_view text);

/// `t` in microseconds, rounded down. Throws `errc::range` outside the years 0 to 9999, the range
/// of SQLite's date functions.
template <class Duration>
std::chrono::sys_time<std::chrono::microseconds> to_microseconds(
    std::chrono::sys_time<Duration> t) {
  using namespace std::chrono;
  constexpr long double first = sys_seconds(sys_days(year{0} / 1 / 1)).time_since_epoch().count();
  constexpr long double end =
      sys_seconds(sys_days(year{10'000} / 1 / 1)).time_since_epoch().count();
  // As a floating-point number: converting a large count to a finer unit would overflow.
  const long double s = duration<long double>(t.time_since_epoch()).count();
  if (!(s >= first && s < end))
    throw error(errc::range, "a time outside the years 0 to 9999");
  return floor<microseconds>(t);
}

/// The inverse, rounded down. Throws `errc::range` if `Duration` cannot hold the time.
template <class Duration>
std::chrono::sys_time<Duration> from_microseconds(
    std::chrono::sys_time<std::chrono::microseconds> t) {
  using rep = typename Duration::rep;
  using exact = std::chrono::duration<long double, typename Duration::period>;
  const long double count = exact(t.time_since_epoch()).count();
  if (!(count >= static_cast<long double>(std::numeric_limits<rep>::lowest()) &&
        count < static_cast<long double>(std::numeric_limits<rep>::max()) + 1.0L))
    throw error(errc::range,
                "the time " + iso8601(t, false) + " is outside the range of the requested clock");
  return std::chrono::floor<Duration>(t);
}

template <class T>
inline constexpr bool is_char =
    std::is_same_v<T, char> || std::is_same_v<T, wchar_t> || std::is_same_v<T, char8_t> ||
    std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;

template <class T>
concept bindable_integer = std::integral<T> && !is_char<T>;

template <bindable_integer T>
constexpr std::int64_t to_int64(T x) {
  if constexpr (std::is_unsigned_v<T> && sizeof(T) >= sizeof(std::int64_t)) {
    if (x > static_cast<T>(std::numeric_limits<std::int64_t>::max()))
      throw error(errc::range,
                  "unsigned value " + std::to_string(x) + " is beyond SQLite's 64-bit integers");
  }
  return static_cast<std::int64_t>(x);
}

} // namespace detail

/// An owning SQLite value: null, 64-bit integer, double, UTF-8 text (embedded NULs are kept) or
/// blob. `bool` becomes 0 or 1, an empty `optional` null, `sys_time` ISO-8601 text; SQLite itself
/// binds NaN as null. A `char` is not accepted, because it may mean a number or a text.
/// Errors: `errc::range` for an unsigned value beyond 2^63-1 and a time outside the years 0 to
/// 9999.
class value {
public:
  /// The alternatives, in the order of `value_type`: its number is the variant's index.
  using storage = std::variant<std::monostate, std::int64_t, double, std::string, blob>;

  /// Null.
  value() = default;
  /// Copies alternative by alternative. libstdc++ 12 marks a variant as valid if copying its text
  /// throws `bad_alloc`.
  value(const value& other) : data_(copy_of(other.data_)) {}
  /// The moved-from value keeps its type; its text or blob is unspecified.
  value(value&&) noexcept = default;
  /// Copies, and reuses the memory of a value of the same type. If memory runs out, the old value
  /// remains valid.
  value& operator=(const value& other) {
    if (data_.index() == other.data_.index())
      data_ = other.data_; // reuses the memory of the old value
    else
      data_ = copy_of(other.data_);
    return *this;
  }
  /// As the move constructor.
  value& operator=(value&&) noexcept = default;
  ~value() = default;
  /// Null.
  value(std::nullptr_t) {}
  /// Null.
  value(std::nullopt_t) {}
  /// An integer; `bool` is 0 or 1. Throws `errc::range` for an unsigned number above 2^63-1.
  template <detail::bindable_integer T>
  value(T x) : data_(detail::to_int64(x)) {}
  /// A real. A `long double` is rounded to `double`; SQLite stores NaN as null.
  template <std::floating_point T>
  value(T x) : data_(static_cast<double>(x)) {}
  /// Refused at compile time: a `char` may mean a number or a text.
  template <class T>
  requires detail::is_char<T> value(T)
  = delete;
  /// UTF-8 text up to the first NUL, copied; null for a null pointer.
  value(const char* text) {
    if (text != nullptr)
      data_.emplace<std::string>(text);
  }
  /// UTF-8 text; embedded NULs are kept.
  value(std::string text) : data_(std::move(text)) {}
  /// UTF-8 text, copied; embedded NULs are kept.
  value(std::string_view text) : data_(std::string(text)) {}
  /// A blob.
  value(blob bytes) : data_(std::move(bytes)) {}
  /// A blob, copied.
  value(std::span<const std::byte> bytes) : data_(blob(bytes.begin(), bytes.end())) {}
  /// Null if `x` is empty, otherwise its value.
  template <class T>
  requires std::constructible_from<value, const T&> value(const std::optional<T>& x)
      : value(x ? value(*x) : value()) {}
  /// ISO-8601 text in UTC with microseconds, such as `2024-03-01 12:00:00.123456`; without a
  /// fraction if the clock's unit is a second or more. Throws `errc::range` outside the years 0 to
  /// 9999.
  template <class Duration>
  value(std::chrono::sys_time<Duration> t)
      : data_(detail::iso8601(detail::to_microseconds(t),
                              std::ratio_less_v<typename Duration::period, std::ratio<1>>)) {}

  /// The storage class under which the value is bound.
  value_type type() const noexcept { return static_cast<value_type>(data_.index()); }
  /// True for SQL NULL; an empty text or blob is not null.
  bool is_null() const noexcept { return data_.index() == 0; }
  /// The alternatives, for `std::get_if` and `std::visit`. Valid until the value changes.
  const storage& data() const noexcept { return data_; }

  friend bool operator==(const value&, const value&) = default;

private:
  // Constructs each alternative in place, so that an exception leaves no invalid variant.
  static storage copy_of(const storage& s) {
    switch (s.index()) {
    case 1: return storage(std::in_place_index<1>, *std::get_if<1>(&s));
    case 2: return storage(std::in_place_index<2>, *std::get_if<2>(&s));
    case 3: return storage(std::in_place_index<3>, *std::get_if<3>(&s));
    case 4: return storage(std::in_place_index<4>, *std::get_if<4>(&s));
    default: return {};
    }
  }

  storage data_;
};

/// A non-owning value, as the binder reads it. Variadic calls build it on the caller's stack, so
/// that a point query allocates nothing for its parameters.
struct value_ref {
  /// Which member of the union is set; `null` sets none, `text` and `blob` set `bytes`.
  value_type type = value_type::null;
  /// The value itself; `type` says which member is set.
  union {
    std::int64_t integer = 0; ///< if `type` is `integer`
    double real;              ///< if `type` is `real`
    const char* bytes;        ///< if `type` is `text` or `blob`; not NUL-terminated, not owned
  };
  /// Length of `bytes`, in bytes; 0 for the other types.
  std::size_t size = 0;

  /// Null.
  constexpr value_ref() noexcept = default;
  /// Refers to the bytes of `v`, which must outlive the reference.
  value_ref(const value& v) noexcept;

  /// An integer.
  static value_ref of(std::int64_t x) noexcept {
    value_ref r;
    r.type = value_type::integer;
    r.integer = x;
    return r;
  }
  /// A real.
  static value_ref of(double x) noexcept {
    value_ref r;
    r.type = value_type::real;
    r.real = x;
    return r;
  }
  /// A text; `s` must outlive the reference. A null `data()` is an empty text, not null.
  static value_ref of(std::string_view s) noexcept {
    value_ref r;
    r.type = value_type::text;
    r.bytes = s.data() == nullptr ? "" : s.data();
    r.size = s.size();
    return r;
  }
  /// A blob; `s` must outlive the reference. A null `data()` is an empty blob, not null.
  static value_ref of(std::span<const std::byte> s) noexcept {
    value_ref r;
    r.type = value_type::blob;
    r.bytes = s.data() == nullptr ? "" : reinterpret_cast<const char*>(s.data());
    r.size = s.size();
    return r;
  }
};

inline value_ref::value_ref(const value& v) noexcept {
  switch (v.type()) {
  case value_type::null: break;
  case value_type::integer: *this = of(*std::get_if<1>(&v.data())); break;
  case value_type::real: *this = of(*std::get_if<2>(&v.data())); break;
  case value_type::text: *this = of(std::string_view(*std::get_if<3>(&v.data()))); break;
  case value_type::blob: *this = of(std::span<const std::byte>(*std::get_if<4>(&v.data()))); break;
  }
}

namespace detail {

// Stores what a variadic argument needs until the statement has run: the text of a time, nothing
// for other types.
template <class T>
auto hold(const T& x) {
  using D = std::decay_t<T>;
  if constexpr (std::is_same_v<D, std::nullptr_t> || std::is_same_v<D, std::nullopt_t>)
    return value_ref{};
  else if constexpr (bindable_integer<D>)
    return value_ref::of(to_int64(x));
  else if constexpr (std::floating_point<D>)
    return value_ref::of(static_cast<double>(x));
  else if constexpr (std::is_array_v<T> && std::is_convertible_v<D, const char*>)
    return value_ref::of(std::string_view(x));
  else if constexpr (std::is_same_v<D, const char*> || std::is_same_v<D, char*>)
    return x == nullptr ? value_ref{} : value_ref::of(std::string_view(x));
  else if constexpr (std::is_same_v<D, value>)
    return value_ref(x);
  else if constexpr (std::is_convertible_v<const T&, std::string_view>)
    return value_ref::of(std::string_view(x));
  else if constexpr (std::is_convertible_v<const T&, std::span<const std::byte>>)
    return value_ref::of(std::span<const std::byte>(x));
  else
    return value(x);
}

} // namespace detail

/// A type that can be a positional argument: each type that constructs a `value`.
template <class T>
concept bindable = std::constructible_from<value, const T&>;

} // namespace dbengine
