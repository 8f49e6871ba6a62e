// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The check that makes a long SQL function stop with its statement.
// Thread safety: the user of the connection. Ownership: shared by a connection and its functions,
// because a handle that a host left with open statements outlives the connection.

#pragma once

namespace dbengine::sqlite {

/// Runs the check that SQLite's progress handler runs between two steps of its machine.
class stop_test {
public:
  using test = int (*)(void*);

  stop_test() noexcept = default;
  stop_test(test ask, void* data) noexcept : ask_(ask), data_(data) {}

  /// True if the running statement must stop.
  bool wanted() const noexcept { return ask_ != nullptr && ask_(data_) != 0; }
  /// The connection no longer exists: `wanted` is false from now on.
  void end() noexcept { ask_ = nullptr; }

private:
  test ask_ = nullptr;
  void* data_ = nullptr;
};

} // namespace dbengine::sqlite
