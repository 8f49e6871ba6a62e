// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
#include "guard/aside_text.hpp"

#include <algorithm>

namespace dbengine::actors::guard {

void aside_text::append(const char* bytes, std::size_t n, std::size_t least, std::size_t most) {
  for (std::size_t taken = 0; taken < n;) {
    // Full pieces, each as large as all bytes before it.
    if (pieces_.empty() || pieces_.back().size() == pieces_.back().capacity())
      pieces_.emplace_back().reserve(
          std::min(missing_ - taken, std::clamp(size_ + taken, least, most)));
    auto& piece = pieces_.back();
    const auto part = std::min(n - taken, piece.capacity() - piece.size());
    piece.append(bytes + taken, part);
    taken += part;
  }
  size_ += n;
  missing_ -= n;
}

} // namespace dbengine::actors::guard
