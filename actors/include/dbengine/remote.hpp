// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How an engine is offered on a port, and how one elsewhere is used: what both sides choose. No CAF in here.
// Thread rule: plain data. Ownership: by value.

#pragma once

#include <dbengine/defaults.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace dbengine {

/// What peers of a port may do.
enum class access : std::uint8_t {
  read_write, ///< all that the engine's typed handle offers
  read_only   ///< their SQL runs under the reader's authorizer; nothing that changes anything
};

/// The files of one side of a mutual TLS connection, PEM. All three or none.
struct tls_files {
  std::string certificate = {}; ///< its chain, the own certificate first
  std::string key = {}; ///< not encrypted; refused where every user of the machine may read it
  std::string ca = {};  ///< who may sign the other side's certificate

  bool empty() const noexcept { return certificate.empty() && key.empty() && ca.empty(); }
};

/// What a port grants to its peers, and why. A peer is one address (IPv6: the first 64 bits of it); on loopback, where all have the
/// same, it is one connection.
struct peer_limits {
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
  /// Unanswered requests of one peer; more are answered with an error.
  /// 1,024: pipelining gains nothing beyond about 100.
  std::size_t max_in_flight_requests = 1'024;
  /// Bytes of the unanswered requests of one peer; at least `max_frame_bytes`. 128 MiB: two of the largest.
  std::size_t max_in_flight_bytes = std::size_t{128} << 20;
  /// The same of all peers together: what waits for a slow engine.
  std::size_t max_total_requests = 16'384;
  std::size_t max_total_bytes = std::size_t{512} << 20;
  /// Answers that wait for one peer to read them. 128 MiB: some large answers of a slow reader.
  std::size_t max_unread_output_bytes = std::size_t{128} << 20;
  /// Answers wait and the peer takes not one byte. 30 s: as `frame_timeout`.
  std::chrono::milliseconds stall_timeout{30'000};
  /// The largest answer to one request, and all answers of one peer that wait to be asked for their next part; more is
  /// `errc::too_big`, where a cursor is the way. 256 MiB: half of what all may.
  std::size_t max_answer_bytes = std::size_t{256} << 20;
  /// Those of all peers together.
  std::size_t max_total_answer_bytes = std::size_t{512} << 20;
  /// Cursors of one peer; each holds a connection of the 64 that the engine lends. 16: a quarter. All peers together have 48, and
  /// one peer no more than half of what the others leave of those.
  std::size_t max_cursors = 16;
  /// From the opening of a cursor to its end, however often it is asked: its snapshot keeps the write-ahead log from beginning anew. 1 h:
  /// an export of some hundred gigabytes.
  std::chrono::milliseconds max_cursor_age{3'600'000};
  /// The longest deadline that a peer may choose; a later one counts as this. 10 min: an upgrade of a large table. Backups, which a
  /// peer cannot make larger, are not bounded.
  std::chrono::milliseconds max_timeout{600'000};
  /// What the buffers of all peers together may hold; the peer that goes beyond it is closed.
  /// 512 MiB: a few peers with the largest frames, and never 256 of them.
  std::size_t max_buffered_bytes = std::size_t{512} << 20;
};

/// How an engine is published.
struct publish_options {
  dbengine::access access = dbengine::access::read_write;
  /// The address to bind. Any other than loopback needs `tls`, or `insecure`.
  std::string host = "127.0.0.1";
  /// 0: any free one.
  std::uint16_t port = 0;
  /// With: both sides must show a certificate that the CA signed; TLS 1.2 or newer. The names of peers are not compared.
  tls_files tls = {};
  /// Allow an address other than loopback without TLS: whoever reaches the port has the engine.
  bool insecure = false;
  /// Peers may ask for backups: one each `options::backup_interval`, kept apart from the engine's own in the folder `peers`.
  bool allow_backup = false;
  peer_limits limits = {};
};

/// How an engine elsewhere is used.
struct remote_options {
  /// Needed where the server has TLS.
  tls_files tls = {};
  /// The name or address that the server's certificate must carry as a subject alternative name (an address as an IP one). Nothing: the
  /// host that is dialled. Empty: whatever certificate the CA signed is the server's.
  std::optional<std::string> tls_name = {};
  /// For the first connection; after it, connecting goes on for as long as the handle lives.
  std::chrono::milliseconds connect_timeout = defaults::connect_timeout;
  /// Deadline of a request that names none.
  std::chrono::milliseconds request_timeout = defaults::request_timeout;
  /// Requests and bytes that may be under way or wait for a connection; one more is `errc::overloaded` at once.
  std::size_t max_queue = defaults::max_queue;
  std::size_t max_queue_bytes = defaults::max_queue_bytes;
  /// Change nothing, even where the server allows it: what would write is `errc::read_only`.
  bool read_only = false;
};

} // namespace dbengine
