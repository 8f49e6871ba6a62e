// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// File descriptors that an open needs, claimed in advance, so that an open without enough
// descriptors fails before it changes anything.
// Thread safety: any thread.

#pragma once

#include <atomic>
#include <cstddef>

namespace dbengine::os {

/// A claim of free file descriptors among the opens of this process. The free descriptors must
/// suffice for this claim and for the unused part of other claims. A claim reserves nothing: other
/// code of the process may use descriptors at the same time.
class descriptor_claim {
public:
  descriptor_claim() = default;
  /// Throws `errc::cannot_open` if fewer than `wanted` unclaimed descriptors are free.
  explicit descriptor_claim(std::size_t wanted);
  ~descriptor_claim();
  descriptor_claim(const descriptor_claim&) = delete;
  descriptor_claim& operator=(const descriptor_claim&) = delete;

  /// Reduces the claim by `n` descriptors that are now open or no longer needed. Any thread.
  void give_back(std::size_t n) noexcept;

private:
  std::atomic<std::size_t> left_{0};
};

} // namespace dbengine::os
