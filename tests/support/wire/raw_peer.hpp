// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// A peer that encodes BASP by hand, so that it can violate the protocol. Shares no code with the
// guard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dbengine::test {

using bytes = std::string;

/// The TLS settings of a raw peer.
struct raw_tls {
  std::string certificate; ///< a path; empty: no certificate
  std::string key;
  int max_version = 0; ///< OpenSSL's number; 0: the newest
  std::string ciphers; ///< empty: the default
};

// -- bytes ----------------------------------------------------------------------------------------

bytes u8(std::uint64_t x);
bytes u16(std::uint64_t x);
bytes u32(std::uint64_t x);
bytes u64(std::uint64_t x);
bytes varbyte(std::uint64_t x);
bytes text(std::string_view x);
/// The value of a caf::atom with at most ten characters.
std::uint64_t atom(std::string_view name);
bytes node(std::uint32_t process, char host);

/// A header with the size of `payload`, then the payload.
bytes frame(std::uint64_t op, std::uint64_t flags, std::uint64_t data, std::uint64_t source,
            std::uint64_t dest, std::string_view payload = {});
/// A header that claims `size` bytes of payload.
bytes header(std::uint64_t op, std::uint64_t flags, std::uint64_t size, std::uint64_t data,
             std::uint64_t source, std::uint64_t dest);
/// From now on, frames name the test's request type `name`: that of another gateway.
void speak_of(std::string_view name);
/// The payload of a direct message: no forwarding stack, "@<>+" and the type's name, then its
/// members.
bytes content(std::string_view type, std::string_view members);
/// The payload with the test's request.
bytes request_content(std::uint64_t kind, std::uint64_t id, std::string_view body);

inline constexpr std::uint64_t normal_request = 0x1000'0000'0000'0000;

// -- the peer -------------------------------------------------------------------------------------

class raw_peer {
public:
  /// Connects; `open()` is false if that failed.
  explicit raw_peer(std::uint16_t port, const raw_tls* security = nullptr);
  ~raw_peer();
  raw_peer(raw_peer&&) noexcept;
  raw_peer& operator=(raw_peer&&) noexcept;

  bool open() const;

  /// Sends all bytes; returns false if the other side has closed.
  bool send(std::string_view what);

  /// Reads `size` bytes; empty at the end of the connection or after 5 s.
  bytes receive(std::size_t size);

  /// Reads frames until one is not a heartbeat; empty at the end.
  bytes receive_frame();

  /// Reads until the other side closes; returns false if it does not within `milliseconds`.
  bool closed_within(int milliseconds);

  /// Announces the end of the sent bytes (half-close).
  void finish();

  /// Reads the server's handshake and answers it twice, as CAF does. Fills `server` and `gateway`.
  bool shake_hands();

  bytes self = node(4711, 'p');
  bytes server;
  std::uint64_t gateway = 0;

  bytes handshake(std::uint64_t flags = 0) const { return frame(1, flags, 0, 0, 0, self); }
  bytes monitor() const { return frame(4, 0, 0, 0, gateway, self + server); }
  bytes message(std::string_view payload, std::uint64_t id = 0, std::uint64_t source = 7) const {
    return frame(2, 0, normal_request | id, source, gateway, payload);
  }

  /// Requests an echo from the gateway and checks the answer.
  bool echo(std::uint64_t id = 1);

private:
  struct channel;
  std::unique_ptr<channel> channel_;
};

} // namespace dbengine::test
