// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Memory blocks of the memory VFS, and the count of their bytes.

#pragma once

#include <cstddef>

namespace dbengine::vfs {

/// Bytes held by all chunks and shared-memory regions of the process.
std::size_t memory_file_bytes() noexcept;

/// A zeroed block of heap memory that counts in `memory_file_bytes()`. Blocks come from `calloc`,
/// so that untouched pages of a large block cost nothing.
/// Thread safety: one thread at a time. Ownership: owns its memory.
class counted_block {
public:
  counted_block() = default;
  counted_block(counted_block&& other) noexcept;
  counted_block& operator=(counted_block&& other) noexcept;
  ~counted_block();

  /// A block of `size` bytes, aligned for any scalar; an empty block if there is no memory.
  static counted_block make(std::size_t size) noexcept;

  std::byte* data() const noexcept { return data_; }
  explicit operator bool() const noexcept { return data_ != nullptr; }

private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

} // namespace dbengine::vfs
