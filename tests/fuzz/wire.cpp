// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The fuzz target `wire`: bodies of messages.

#include "remote/protocol/wire_message.hpp"
#include "system/message_codec.hpp"

#include <dbengine/defaults.hpp>

#include <array>
#include <cstdint>
#include <tuple>

#include "target.hpp"

namespace dbengine::fuzz {

namespace {

// Reads every byte of a result, so that AddressSanitizer finds a cell that points outside.
void look_at(const rows& r) {
  [[maybe_unused]] volatile char seen = 0;
  for (const auto& row : r)
    for (std::size_t i = 0; i < row.size(); ++i)
      for (const char c : row[i].bytes())
        seen = c;
}

template <class... Ts>
constexpr bool has_cells = ((std::is_same_v<Ts, rows> || std::is_same_v<Ts, transaction_result>) ||
                            ...);

// Decodes as the gateway does: the timeout first, then the message, in bounded memory.
template <class... Ts>
void check(std::string_view body) {
  std::tuple<Ts...> x;
  std::int64_t timeout = 0;
  const auto read = [&](std::string_view bytes) {
    base::decoder d(bytes, defaults::wire_decoded_bytes);
    std::apply([&](auto&... xs) { d(timeout, xs...); }, x);
    if (!is_mutant("wire")) // the mutant: trailing bytes are ignored
      d.end();
  };
  try {
    read(body);
  } catch (const error& e) {
    require(e.code() == errc::protocol || e.code() == errc::bind,
            std::string("bytes that are no message are refused as such: ") + e.what());
    return;
  }
  const auto encode = [&] {
    return std::apply([&](const auto&... xs) { return base::encode(timeout, xs...); }, x);
  };
  const auto written = encode();
  // A flag has more than one encoding: any byte but 0 is true. The padding of a cell is written as
  // 0, whatever was read.
  require(written.size() == body.size(), "a message is encoded in as many bytes");
  for (std::size_t i = 0; i < body.size(); ++i)
    require(written[i] == body[i] || written[i] == '\1' || (has_cells<Ts...> && written[i] == '\0'),
            "a message is encoded as the same bytes");
  try {
    read(written);
  } catch (const error& e) {
    throw broken(std::string("a message that was encoded is decoded: ") + e.what());
  }
  require(encode() == written, "a message is encoded as the same bytes twice");
  if constexpr (std::is_same_v<std::tuple<Ts...>, std::tuple<rows>>)
    look_at(std::get<0>(x));
}

using checker = void (*)(std::string_view);

#define DBENGINE_FUZZ_ONE(type, ...) check<type>,
constexpr std::array checkers{DBENGINE_MESSAGES(DBENGINE_FUZZ_ONE) check<fetch_request, bool>,
                              check<transaction_result>,
                              check<error_info>,
                              check<actors::remote::wire_welcome>,
                              check<std::uint32_t, std::string>,
                              check<std::uint64_t>,
                              check<>};
#undef DBENGINE_FUZZ_ONE

} // namespace

void wire(std::string_view input) {
  if (input.empty())
    return;
  const auto which = static_cast<unsigned char>(input.front());
  checkers[which % checkers.size()](input.substr(1));
}

} // namespace dbengine::fuzz

DBENGINE_FUZZ_TARGET(wire)
