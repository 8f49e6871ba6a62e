// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Shows a connection that the facts about its prepared statements may be stale.
// Thread safety: the connection's user.

#pragma once

#include <cstdint>
#include <utility>

namespace dbengine::sqlite {

/// Counts the schema changes that one connection has seen. A prepared statement records the number
/// at which its facts were found.
class schema_version {
public:
  std::uint32_t number() const noexcept { return number_; }
  /// True if the open transaction has changed the schema.
  bool changed_in_transaction() const noexcept { return changed_in_transaction_; }

  /// Another connection, or a statement outside a transaction, changed the schema.
  void note_change() noexcept { ++number_; }
  /// A statement that changes the schema, and that a rollback undoes, is about to run.
  void note_change_in_transaction(bool undone_by_rollback = true) noexcept {
    ++number_;
    changed_in_transaction_ = undone_by_rollback;
  }
  void committed() noexcept { changed_in_transaction_ = false; }
  /// A rollback undoes the change, which is one more change.
  void rolled_back() noexcept {
    if (std::exchange(changed_in_transaction_, false))
      ++number_;
  }
  /// The same for a part of the transaction, which stays open.
  void rolled_back_to_savepoint() noexcept {
    if (changed_in_transaction_)
      ++number_;
  }

private:
  std::uint32_t number_ = 0;
  bool changed_in_transaction_ = false;
};

} // namespace dbengine::sqlite
