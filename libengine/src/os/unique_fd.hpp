// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Ownership of one file descriptor.
// Thread safety: one thread at a time. Ownership: owns the descriptor.

#pragma once

#include <utility>

namespace dbengine::os {

/// A file descriptor that closes itself.
class unique_fd {
public:
  unique_fd() = default;
  explicit unique_fd(int fd) noexcept : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~unique_fd() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  void reset() noexcept;

private:
  int fd_ = -1;
};

} // namespace dbengine::os
