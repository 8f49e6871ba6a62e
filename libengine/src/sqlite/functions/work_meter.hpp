// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The work of an interruptible SQL function.
// Thread safety: the user of the connection. Ownership: refers to the stop test.

#pragma once

#include "sqlite/functions/stop_test.hpp"

#include <cstddef>

namespace dbengine::sqlite {

/// The work of one call of a function. A unit takes a few nanoseconds: a byte compared, a character
/// read.
class work_meter {
public:
  explicit work_meter(const stop_test& stop) noexcept : stop_(&stop) {}

  /// Adds work and returns true if the statement must stop. Checks about every 15 us, as the
  /// progress handler does.
  bool spend(std::size_t units) noexcept {
    spent_ += units;
    if (spent_ < units_between_checks) [[likely]]
      return false;
    spent_ = 0;
    return stop_->wanted();
  }

  static constexpr std::size_t units_between_checks = 4 * 1024;

private:
  const stop_test* stop_;
  std::size_t spent_ = 0;
};

} // namespace dbengine::sqlite
