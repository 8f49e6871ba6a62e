// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// SHA-256 of bytes that arrive in pieces.
// Thread safety: one thread at a time. Ownership: owns OpenSSL's context. Errors: `errc::internal`
// if OpenSSL fails.

#pragma once

#include <memory>
#include <span>
#include <string>

namespace dbengine::base {

/// A hash in progress.
class sha256 {
public:
  sha256();
  void add(std::span<const char> bytes);
  /// The 32 bytes of the digest. Nothing may be added afterwards.
  std::string finish();
  /// The same as 64 lower-case hexadecimal digits.
  std::string finish_hex();

private:
  struct free_context {
    void operator()(void* c) const noexcept;
  };
  std::unique_ptr<void, free_context> context_;
};

} // namespace dbengine::base
