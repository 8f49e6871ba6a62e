// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// Options to publish an engine on a port and to use a published engine. No CAF types.
/// Thread safety: plain data. Ownership: by value.

#pragma once

#include <dbengine/defaults.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace dbengine {

/// What the peers of a port may do.
enum class access : std::uint8_t {
  read_write, ///< everything that the engine's typed handle offers
  read_only   ///< SQL runs under the reader's authorizer; every change is refused
};

/// The files of one side of a mutual TLS connection, PEM. All three or none.
struct tls_files {
  std::string certificate = {}; ///< the certificate chain, own certificate first
  /// the key, not encrypted; refused if every user of the machine may read it
  std::string key = {};
  std::string ca = {}; ///< the authorities that may sign the peer's certificate

  /// True if none is set: no TLS.
  bool empty() const noexcept { return certificate.empty() && key.empty() && ca.empty(); }
};

/// The limits of a port for its peers, with their reasons. A peer is one address (IPv6: its first
/// 64 bits); on loopback, where all peers have the same address, it is one connection.
struct peer_limits {
  /// The largest frame of a peer, in bytes. 64 MiB: a batch insert of 100,000 rows is about 10 MB.
  std::size_t max_frame_bytes = std::size_t{64} << 20;
  /// Open connections. 256: each costs a file descriptor and, with TLS, up to 40 kB.
  std::size_t max_connections = 256;
  /// Open connections without a handshake. A new one evicts the oldest, so that a flood of silent
  /// peers cannot lock out a peer that does its handshake at once. 64: a quarter of the
  /// connections.
  std::size_t max_half_open = 64;
  /// From accept to the complete handshake, including TLS. 5 s: two lost packets on a slow line.
  std::chrono::milliseconds handshake_timeout{5'000};
  /// From the first byte of a frame to its last. 30 s: the largest frame at 18 Mbit/s.
  std::chrono::milliseconds frame_timeout{30'000};
  /// Unanswered requests of one peer; a further one is answered with an error. 1,024: pipelining
  /// gains nothing beyond about 100.
  std::size_t max_in_flight_requests = 1'024;
  /// Bytes of the unanswered requests of one peer; at least `max_frame_bytes`. 128 MiB: two of the
  /// largest frames.
  std::size_t max_in_flight_bytes = std::size_t{128} << 20;
  /// Unanswered requests of all peers together: what may wait for a slow engine.
  std::size_t max_total_requests = 16'384;
  /// Bytes of those requests. 512 MiB: four peers at their own bound.
  std::size_t max_total_bytes = std::size_t{512} << 20;
  /// Bytes of answers that one peer has not read. 128 MiB: some large answers of a slow reader.
  std::size_t max_unread_output_bytes = std::size_t{128} << 20;
  /// Time without a byte read by a peer that has unread answers. 30 s, as `frame_timeout`.
  std::chrono::milliseconds stall_timeout{30'000};
  /// Bytes of the largest answer to one request, and of all answers of one peer whose next part it
  /// has not requested. A larger answer is `errc::too_big`; use a cursor. 256 MiB: half of
  /// `max_total_answer_bytes`.
  std::size_t max_answer_bytes = std::size_t{256} << 20;
  /// Bytes of the answers of all peers together, as `max_answer_bytes`.
  std::size_t max_total_answer_bytes = std::size_t{512} << 20;
  /// Cursors of one peer; each holds one of the engine's 64 cursor connections. 16: a quarter. All
  /// peers together have 48, and one peer has at most half of what the others leave of those.
  std::size_t max_cursors = 16;
  /// From the opening of a cursor to its end, even if it is in use: its snapshot keeps the
  /// write-ahead log from restarting. 1 h: an export of some hundred gigabytes.
  std::chrono::milliseconds max_cursor_age{3'600'000};
  /// The longest deadline of a peer; a later one counts as this. 10 min: an index on a large table.
  /// Backups are not bounded, because a peer cannot make them larger.
  std::chrono::milliseconds max_timeout{600'000};
  /// Bytes that the buffers of all peers together may hold; the peer that exceeds it is
  /// disconnected. 512 MiB: a few peers with the largest frames, not 256 of them.
  std::size_t max_buffered_bytes = std::size_t{512} << 20;
};

/// How an engine is published.
struct publish_options {
  /// What peers may do.
  dbengine::access access = dbengine::access::read_write;
  /// The address to bind, IPv4 or IPv6. Any other than loopback requires `tls` or `insecure`.
  std::string host = "127.0.0.1";
  /// 0: any free port.
  std::uint16_t port = 0;
  /// If set, both sides must present a certificate that the CA signed, over TLS 1.2 or newer. Names
  /// of peers are not compared.
  tls_files tls = {};
  /// Allows an address other than loopback without TLS. Every client that reaches the port can use
  /// the engine.
  bool insecure = false;
  /// Peers may request backups: one per `options::backup_interval`, stored in the folder `peers`,
  /// separate from the engine's own.
  bool allow_backup = false;
  /// The limits that protect the server from its peers.
  peer_limits limits = {};
};

/// How a published engine is used.
struct remote_options {
  /// Required if the server uses TLS.
  tls_files tls = {};
  /// The name or address that the server's certificate must contain as a subject alternative name
  /// (an address as an IP one). nullopt: the host of the connection. Empty: any certificate that
  /// the CA signed is accepted.
  std::optional<std::string> tls_name = {};
  /// Bounds the first connection; above 0. After it, reconnecting continues as long as the handle
  /// exists.
  std::chrono::milliseconds connect_timeout = defaults::connect_timeout;
  /// Deadline of a request that sets none, from its call to its answer; above 0.
  std::chrono::milliseconds request_timeout = defaults::request_timeout;
  /// Requests that may be in flight or wait for a connection, at least 1; one more fails with
  /// `errc::overloaded` at once.
  std::size_t max_queue = defaults::max_queue;
  /// Bytes of those requests, at least 1; as `max_queue`.
  std::size_t max_queue_bytes = defaults::max_queue_bytes;
  /// Refuses every write with `errc::read_only`, even if the server would accept it.
  bool read_only = false;
};

} // namespace dbengine
