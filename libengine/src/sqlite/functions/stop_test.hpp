// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How an SQL function that works for long finds out that its statement must stop.
// Thread rule: the connection's user. Ownership: shared by a connection and its functions, because a handle that a host left with open
// statements outlives the connection.

#pragma once

#include <cstddef>

namespace dbengine::sqlite {

/// Asks what SQLite's progress handler asks between two steps of its machine.
class stop_test {
public:
  using test = int (*)(void*);

  stop_test() noexcept = default;
  stop_test(test ask, void* data) noexcept : ask_(ask), data_(data) {}

  /// The statement that runs must stop.
  bool wanted() const noexcept { return ask_ != nullptr && ask_(data_) != 0; }
  /// Nobody is there any more to be asked.
  void end() noexcept { ask_ = nullptr; }

private:
  test ask_ = nullptr;
  void* data_ = nullptr;
};

/// The work of one call of a function. A unit is some nanoseconds: a byte compared, a character read.
class work_meter {
public:
  explicit work_meter(const stop_test& i) noexcept : stop_(&i) {}

  /// True where the statement must stop. Asks about every 15 us, as the progress handler does: between two looks others wait for the processor.
  bool spend(std::size_t units) noexcept {
    spent_ += units;
    if (spent_ < units_between_looks) [[likely]]
      return false;
    spent_ = 0;
    return stop_->wanted();
  }

  static constexpr std::size_t units_between_looks = 4 * 1024;

private:
  const stop_test* stop_;
  std::size_t spent_ = 0;
};

} // namespace dbengine::sqlite
