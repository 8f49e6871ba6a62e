// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// SHA-256 of bytes that come piece by piece.
// Thread rule: one thread at a time. Ownership: owns OpenSSL's context.

#pragma once

#include <memory>
#include <span>
#include <string>

namespace dbengine::base {

class sha256 {
public:
  sha256();
  void add(std::span<const char> bytes);
  /// The 32 bytes of the digest. Nothing may be added after it.
  std::string finish();
  /// The same as 64 lower-case digits.
  std::string finish_hex();

private:
  struct free_context {
    void operator()(void* c) const noexcept;
  };
  std::unique_ptr<void, free_context> context_;
};

} // namespace dbengine::base
