// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// What one listener grants to its peers, and why.
#pragma once

#include <chrono>
#include <cstddef>

namespace dbengine::actors::guard {

struct limits {
  /// The largest frame a peer may send. 64 MiB: a bulk insert of 100,000 rows is about 10 MB.
  std::size_t max_frame_bytes = std::size_t{64} << 20;
  /// Connections at once. 256: each costs a file descriptor and, with TLS, up to 40 kB.
  std::size_t max_connections = 256;
  /// Connections without a handshake at once. A newcomer evicts the oldest, so that a flood of
  /// silent peers cannot lock out one that shakes hands at once. 64: a quarter of the connections.
  std::size_t max_half_open = 64;
  /// From accept to the complete handshake, TLS included. 5 s: two lost packets on a slow line.
  std::chrono::milliseconds handshake_timeout{5'000};
  /// From the first byte of a frame to its last. 30 s: the largest frame at 18 Mbit/s.
  std::chrono::milliseconds frame_timeout{30'000};
  /// Unanswered requests of one peer; more are answered with `options::overloaded`.
  /// 1,024: pipelining gains nothing beyond about 100.
  std::size_t max_in_flight_requests = 1'024;
  /// Bytes of the unanswered requests of one peer; at least `max_frame_bytes`. 128 MiB: two of the largest.
  std::size_t max_in_flight_bytes = std::size_t{128} << 20;
  /// Answers that wait for one peer to read them. 128 MiB: some large answers of a slow reader.
  std::size_t max_unread_output_bytes = std::size_t{128} << 20;
  /// Answers wait and the peer takes not one byte. 30 s: as `frame_timeout`.
  std::chrono::milliseconds stall_timeout{30'000};
  /// What the buffers of all peers together may hold; the peer that goes beyond it is closed.
  /// 512 MiB: a few peers with the largest frames, and never 256 of them.
  std::size_t max_buffered_bytes = std::size_t{512} << 20;
};

} // namespace dbengine::actors::guard
