// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// The bytes of BASP version 3 (CAF 0.17), as far as a gateway's clients use them. This file uses no
// CAF: the code that judges a peer's bytes shares nothing with code that could crash on them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dbengine::actors::guard {

/// BASP operations, in wire values.
enum class operation : std::uint8_t {
  server_handshake = 0,
  client_handshake = 1,
  direct_message = 2,
  routed_message = 3,
  monitor_message = 4,
  down_message = 5,
  heartbeat = 6
};

inline constexpr std::size_t header_size = 32;
inline constexpr std::size_t node_size = 32;
/// Set in a direct message to a registry name.
inline constexpr std::uint8_t named_receiver_flag = 0x01;
/// Set in the second handshake of a stock client.
inline constexpr std::uint8_t select_connection_flag = 0x02;

/// Bits of a message id: bit 63 marks an answer, 62 "answered", 61 and 60 are the category.
inline constexpr std::uint64_t response_bit = 0x8000'0000'0000'0000;
inline constexpr std::uint64_t answered_bit = 0x4000'0000'0000'0000;
inline constexpr std::uint64_t stream_bit = 0x2000'0000'0000'0000;
inline constexpr std::uint64_t normal_priority = 0x1000'0000'0000'0000;
inline constexpr std::uint64_t request_mask = 0x0FFF'FFFF'FFFF'FFFF;

/// A node id as on the wire: the atom "default", a process id, 20 bytes of host id.
using node_bytes = std::array<char, node_size>;

/// A frame's header; 32 bytes on the wire, integers in network order.
struct header {
  std::uint8_t op = 0;
  std::uint16_t padding = 0;
  std::uint8_t flags = 0;
  std::uint32_t payload_size = 0;
  std::uint64_t data = 0;
  std::uint64_t source = 0;
  std::uint64_t dest = 0;

  bool is(operation what) const { return op == static_cast<std::uint8_t>(what); }
};

header read_header(const char* bytes);
void write_header(char* bytes, const header& what);

/// Whether `bytes` hold the node id of a CAF process, and not a URI or nothing.
bool is_process_node(const node_bytes& bytes);
node_bytes make_node(std::uint32_t process, const std::array<char, 20>& host);
node_bytes read_node(const char* bytes);
void write_node(char* bytes, const node_bytes& what);

/// One member of a message type, as CAF's binary serializer writes it.
enum class field : std::uint8_t { u8, u16, u32, u64, text };

/// A message type that peers may send: its portable name and its members in order.
struct wire_type {
  std::string name;
  std::vector<field> fields;
};

/// The kind of a direct message's payload.
enum class payload_kind { listed, unlisted, malformed };

/// Whether `payload` is exactly one value of one of `types`: no forwarding stack, no trailing
/// bytes, no length beyond the payload. Reads each byte at most once and allocates nothing.
payload_kind classify(std::span<const char> payload, std::span<const wire_type> types);

/// The position in a payload of the text that is the last member of its message.
struct last_text {
  std::size_t length_at = 0;
  std::size_t begin = 0;
  std::size_t size = 0;
};

/// Finds that text from the first bytes of a payload of `payload_size`. Empty if they do not show
/// the text, yet or at all.
std::optional<last_text> find_last_text(std::span<const char> beginning, std::size_t payload_size,
                                        std::span<const wire_type> types);

} // namespace dbengine::actors::guard
