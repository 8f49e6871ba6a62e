// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The bound on the bytes of all results of one request.
// Thread safety: used by the thread that runs the request.

#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

namespace dbengine::sqlite {

/// A byte budget for the results that a request keeps until its answer.
class result_budget {
public:
  /// Sets the bound in bytes; 0 means none.
  void set_limit(std::size_t bytes) noexcept { limit_ = bytes; }
  /// The bytes that the next result may hold.
  std::size_t remaining() const noexcept {
    return limit_ == 0 ? std::numeric_limits<std::size_t>::max() : limit_ - std::min(limit_, used_);
  }
  /// Charges a result that is kept. Returns false if the sum exceeds the bound.
  bool charge(std::size_t bytes) noexcept {
    used_ += bytes;
    return limit_ == 0 || used_ <= limit_;
  }
  /// Removes all charges: the request runs again.
  void reset() noexcept { used_ = 0; }

private:
  std::size_t limit_ = 0;
  std::size_t used_ = 0;
};

} // namespace dbengine::sqlite
