// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
#include "guard/frame.hpp"

#include <algorithm>
#include <cstring>

namespace dbengine::actors::guard {

namespace {

// caf::atom("default"): six bits a character, 0xF in front.
constexpr std::uint64_t default_atom = [] {
  constexpr std::string_view digits =
      " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
  std::uint64_t result = 0xF;
  for (char c : std::string_view{"default"})
    result = (result << 6) | digits.find(c);
  return result;
}();

template <class T>
T read_integer(const char* bytes) {
  T result = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    result = static_cast<T>(static_cast<T>(result << 8) | static_cast<unsigned char>(bytes[i]));
  return result;
}

template <class T>
void write_integer(char* bytes, T value) {
  for (std::size_t i = sizeof(T); i-- > 0; value = static_cast<T>(value >> 8))
    bytes[i] = static_cast<char>(value & 0xFF);
}

/// Reads a payload and never beyond it.
class walker {
public:
  /// `missing`: bytes of the payload that have not arrived yet.
  explicit walker(std::span<const char> bytes, std::size_t missing = 0)
      : rest_(bytes), missing_(missing) {}

  bool done() const { return left() == 0; }
  /// The number of bytes up to the end of the payload.
  std::size_t left() const { return rest_.size() + missing_; }

  bool skip(std::size_t count) {
    if (count > rest_.size())
      return false;
    rest_ = rest_.subspan(count);
    return true;
  }

  std::optional<std::uint8_t> byte() {
    if (rest_.empty())
      return std::nullopt;
    auto result = static_cast<std::uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return result;
  }

  /// CAF's length: seven bits a byte, low ones first. CAF's own reader shifts beyond 32 bits.
  std::optional<std::size_t> length() {
    std::uint64_t result = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      auto next = byte();
      if (!next)
        return std::nullopt;
      result |= static_cast<std::uint64_t>(*next & 0x7F) << shift;
      if ((*next & 0x80) == 0)
        return result <= left() ? std::optional<std::size_t>{result} : std::nullopt;
    }
    return std::nullopt;
  }

  std::optional<std::string_view> text() {
    auto size = length();
    if (!size || *size > rest_.size())
      return std::nullopt;
    std::string_view result{rest_.data(), *size};
    rest_ = rest_.subspan(*size);
    return result;
  }

private:
  std::span<const char> rest_;
  std::size_t missing_;
};

bool walk(walker& at, field what) {
  switch (what) {
  case field::u8: return at.skip(1);
  case field::u16: return at.skip(2);
  case field::u32: return at.skip(4);
  case field::u64: return at.skip(8);
  case field::text: return at.text().has_value();
  }
  return false;
}

} // namespace

header read_header(const char* bytes) {
  header result;
  result.op = read_integer<std::uint8_t>(bytes);
  result.padding = read_integer<std::uint16_t>(bytes + 1);
  result.flags = read_integer<std::uint8_t>(bytes + 3);
  result.payload_size = read_integer<std::uint32_t>(bytes + 4);
  result.data = read_integer<std::uint64_t>(bytes + 8);
  result.source = read_integer<std::uint64_t>(bytes + 16);
  result.dest = read_integer<std::uint64_t>(bytes + 24);
  return result;
}

void write_header(char* bytes, const header& what) {
  write_integer(bytes, what.op);
  write_integer(bytes + 1, what.padding);
  write_integer(bytes + 3, what.flags);
  write_integer(bytes + 4, what.payload_size);
  write_integer(bytes + 8, what.data);
  write_integer(bytes + 16, what.source);
  write_integer(bytes + 24, what.dest);
}

bool is_process_node(const node_bytes& bytes) {
  auto nonzero = [](char c) { return c != 0; };
  return read_integer<std::uint64_t>(bytes.data()) == default_atom &&
         std::any_of(bytes.begin() + 8, bytes.begin() + 12, nonzero) &&
         std::any_of(bytes.begin() + 12, bytes.end(), nonzero);
}

node_bytes make_node(std::uint32_t process, const std::array<char, 20>& host) {
  node_bytes result;
  write_integer(result.data(), default_atom);
  write_integer(result.data() + 8, process);
  std::copy(host.begin(), host.end(), result.begin() + 12);
  return result;
}

node_bytes read_node(const char* bytes) {
  node_bytes result;
  std::memcpy(result.data(), bytes, result.size());
  return result;
}

void write_node(char* bytes, const node_bytes& what) {
  std::memcpy(bytes, what.data(), what.size());
}

namespace {

/// The listed type whose members begin at `at`, which is at a payload's first byte.
payload_kind find_type(walker& at, std::span<const wire_type> types, const wire_type*& found) {
  // The forwarding stack holds actor handles, each of which would make a proxy: it must be empty.
  if (at.byte() != std::uint8_t{0})
    return payload_kind::malformed;
  // A type number, of which CAF 0.17 writes only 0: the name follows.
  if (at.byte() != std::uint8_t{0} || at.byte() != std::uint8_t{0})
    return payload_kind::malformed;
  auto name = at.text();
  constexpr std::string_view prefix = "@<>+";
  if (!name || !name->starts_with(prefix.substr(0, 3)))
    return payload_kind::malformed;
  if (!name->starts_with(prefix))
    return payload_kind::unlisted;
  name->remove_prefix(prefix.size());
  auto type =
      std::find_if(types.begin(), types.end(), [&](const wire_type& x) { return x.name == *name; });
  if (type == types.end())
    return payload_kind::unlisted;
  found = &*type;
  return payload_kind::listed;
}

} // namespace

payload_kind classify(std::span<const char> payload, std::span<const wire_type> types) {
  walker at{payload};
  const wire_type* type = nullptr;
  if (auto kind = find_type(at, types, type); kind != payload_kind::listed)
    return kind;
  for (auto what : type->fields)
    if (!walk(at, what))
      return payload_kind::malformed;
  return at.done() ? payload_kind::listed : payload_kind::malformed;
}

std::optional<last_text> find_last_text(std::span<const char> beginning, std::size_t payload_size,
                                        std::span<const wire_type> types) {
  walker at{beginning, payload_size - beginning.size()};
  const wire_type* type = nullptr;
  if (find_type(at, types, type) != payload_kind::listed || type->fields.empty() ||
      type->fields.back() != field::text)
    return std::nullopt;
  for (auto what : std::span(type->fields).first(type->fields.size() - 1))
    if (!walk(at, what))
      return std::nullopt;
  auto length_at = payload_size - at.left();
  auto size = at.length();
  if (!size || *size != at.left())
    return std::nullopt;
  return last_text{length_at, payload_size - *size, *size};
}

} // namespace dbengine::actors::guard
