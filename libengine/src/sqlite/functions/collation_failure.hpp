// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What becomes of a collation that throws. SQLite gives a comparison no way to fail: it is told some order, and nothing that was read or
// written by it may be used.
// Thread rule: the connection's user. Ownership: shared by a connection and its collations, as `stop_test` is.

#pragma once

#include <string>

struct sqlite3;

namespace dbengine::sqlite {

struct request_control;

class collation_failure {
public:
  /// `running`: the request that runs on the connection, null between requests; null itself where there are no requests
  /// (the verification of a backup).
  collation_failure(sqlite3* db, request_control* const* running) noexcept
      : db_(db), running_(running) {}

  /// In a comparison: it threw. Never throws itself.
  void failed(const std::string& collation, const std::string& why) noexcept;
  /// The collation is not called any more: bytes are compared, which is an order, if not the right one.
  bool has_failed() const noexcept { return failed_; }
  /// What a statement is told that ran meanwhile.
  const std::string& message() const noexcept { return message_; }
  /// A statement begins.
  void begin() noexcept { failed_ = false; }

  /// What was written by a wrong order is in the open transaction: it must be rolled back.
  bool forbids_commit() const noexcept { return spoilt_; }
  /// It was.
  void rolled_back() noexcept { spoilt_ = false; }
  /// The connection is gone; a handle of it is left.
  void end() noexcept { running_ = nullptr; }

private:
  sqlite3* db_;
  request_control* const* running_;
  bool failed_ = false;
  bool spoilt_ = false;
  std::string message_;
};

} // namespace dbengine::sqlite
