// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The question whether a silent server waits for TLS.
// Thread safety: none; never blocks. Ownership: owns a socket of its own.

#pragma once

#include <poll.h>

namespace dbengine::actors::remote {

/// Finds whether a server speaks TLS, on a separate connection: the first connection still waits
/// for a server that may be slow. The bytes sent here must be harmless to any server.
class tls_question {
public:
  /// `like`: a socket that is connected to the server.
  explicit tls_question(int like);
  ~tls_question() { end(); }
  tls_question(const tls_question&) = delete;
  tls_question& operator=(const tls_question&) = delete;

  /// The event to wait for; none once the answer is known or can no longer arrive.
  pollfd next() const { return {fd_, static_cast<short>(asked_ ? POLLIN : POLLOUT), 0}; }
  /// Handles that event. Returns true if the server speaks TLS.
  bool step();

private:
  void end();

  int fd_ = -1;
  bool asked_ = false;
};

} // namespace dbengine::actors::remote
