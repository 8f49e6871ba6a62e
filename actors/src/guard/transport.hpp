// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// How bytes pass through a connected, non-blocking socket: plain or TLS. Used by the middleman's
// thread only; the socket belongs to the stream that uses the transport.
#pragma once

#include "guard/counters.hpp"

#include <dbengine/remote.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace dbengine::actors::guard {

enum class io_status { done, would_block, closed, failed };

class transport {
public:
  virtual ~transport() = default;

  /// Reads at most `size` > 0 bytes; `count` is set with `done`. Runs the TLS handshake first.
  virtual io_status read(char* to, std::size_t size, std::size_t& count) = 0;

  /// Writes at most `size` > 0 bytes; `count` is set with `done`. Only once established.
  virtual io_status write(const char* from, std::size_t size, std::size_t& count) = 0;

  /// Whether payload can be written.
  virtual bool established() const = 0;

  /// Whether bytes wait that the socket will not announce.
  virtual bool has_buffered() const = 0;

  /// The reason of `failed`.
  virtual close_reason failure() const = 0;
  /// The reason as text: OpenSSL's.
  virtual std::string detail() const { return {}; }
  /// Whether the failure is due to the other side's certificate.
  virtual bool untrusted() const { return false; }
};

std::unique_ptr<transport> make_tcp_transport(int socket);

using tls = tls_files;

/// A loaded TLS configuration: TLS 1.2 or 1.3, peers must show a certificate of the CA.
class tls_context {
public:
  virtual ~tls_context() = default;
  virtual std::unique_ptr<transport> start(int socket) = 0;
};

enum class tls_side { server, client };

/// Loads and checks all three files. Returns nullptr and the reason in `error` if a file is
/// missing, unreadable or invalid, or if every user may read the key. The same if key and
/// certificate do not belong together. `server_name`: the name or address that a client demands of
/// the server's certificate; empty: none.
std::shared_ptr<tls_context> load_tls(const tls& files, std::string& error,
                                      tls_side side = tls_side::server,
                                      std::string server_name = {});

} // namespace dbengine::actors::guard
