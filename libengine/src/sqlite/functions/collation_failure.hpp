// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The failure of a host's collation. A comparison cannot report a failure to SQLite: it returns an
// arbitrary order, and rows that were read or written in that order must not be used.
// Thread safety: the user of the connection. Ownership: shared by a connection and its collations,
// as `stop_test`.

#pragma once

#include <string>

struct sqlite3;

namespace dbengine::sqlite {

struct request_control;

/// Whether a collation of the connection has failed, and what it affects.
class collation_failure {
public:
  /// `running`: points to the request that runs on the connection, which is null between requests.
  /// Null itself if there are no requests (the verification of a backup).
  collation_failure(sqlite3* db, request_control* const* running) noexcept
      : db_(db), running_(running) {}

  /// Records that a comparison threw. Called in the comparison, so it never throws.
  void failed(const std::string& collation, const std::string& why) noexcept;
  /// True if the collation is no longer called. Bytes are compared instead, which is a consistent
  /// order, but not the right one.
  bool has_failed() const noexcept { return failed_; }
  /// The error of the statement that ran during the failure.
  const std::string& message() const noexcept { return message_; }
  /// Starts a statement.
  void begin() noexcept { failed_ = false; }

  /// True while the open transaction contains rows written in a wrong order. It must be rolled
  /// back.
  bool forbids_commit() const noexcept { return wrote_; }
  /// The transaction was rolled back.
  void rolled_back() noexcept { wrote_ = false; }
  /// The connection no longer exists, but a handle of it remains.
  void end() noexcept { running_ = nullptr; }

private:
  sqlite3* db_;
  request_control* const* running_;
  bool failed_ = false;
  bool wrote_ = false;
  std::string message_;
};

} // namespace dbengine::sqlite
