// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// SQLite's progress, busy and commit handlers, and the request that they serve.
// Thread safety: the connection's user. Ownership: the SQLite handle holds this object's address,
// and its functions hold that of the stop test; `detach` ends both.

#pragma once

#include "sqlite/functions/collation_failure.hpp"
#include "sqlite/functions/stop_test.hpp"
#include "sqlite/request_control.hpp"
#include "sqlite/url.hpp"

#include <dbengine/options.hpp>

#include <memory>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace dbengine::sqlite {

/// The running request of one connection, and the handlers that stop or delay it.
class request_handlers {
public:
  /// All waits for locks during an opening count as one, from `location::waiting_since` on.
  request_handlers(const location& where, const options& o) noexcept;
  request_handlers(const request_handlers&) = delete;
  request_handlers& operator=(const request_handlers&) = delete;

  /// Installs the progress and busy handlers.
  void install(sqlite3* db) noexcept;
  /// Installs the commit hook: a request commits only with its permit.
  void install_commit_hook(sqlite3* db) noexcept;
  /// Registers the functions and collations that must stop with the request. Throws `error`.
  void register_functions(sqlite3* db);
  /// The connection is open: from now on each wait for a lock counts separately.
  void end_opening() noexcept { opening_ = false; }
  /// Removes all handlers from a handle that outlives the connection.
  void detach(sqlite3* db) noexcept;

  request_control* current() const noexcept { return current_; }
  /// Installs `c` as the running request; returns the previous one.
  request_control* exchange(request_control* c) noexcept { return std::exchange(current_, c); }

  /// Sets the statement that is stepped, for the progress handler; null between two steps.
  void set_stepping(sqlite3_stmt* s) noexcept { stepping_ = s; }
  /// While set, no commit succeeds.
  void forbid_commits(bool on) noexcept { commits_forbidden_ = on; }
  /// Waits before the next attempt to lock the database; false if there must be none. `attempt`
  /// counts from 0.
  bool wait_for_lock(int attempt) noexcept;

  /// True for SQLite's answer to a handler that stops the request. Every other code, an I/O error
  /// above all, is reported unchanged.
  static bool is_stop_code(int code) noexcept;

  // -- collations of the host --------------------------------------------------------------------

  /// A statement begins: an earlier failure of a collation does not concern it.
  void begin_statement() noexcept {
    if (collations_)
      collations_->begin();
  }
  /// True if a collation threw since the statement began: the rows that it read or wrote must not
  /// be used.
  bool collation_failed() const noexcept { return collations_ && collations_->has_failed(); }
  const std::string& collation_message() const noexcept { return collations_->message(); }

private:
  const char* fence_reason() const noexcept;
  static int on_progress(void* self);
  static int on_busy(void* self, int attempt);
  static int on_commit(void* self);

  const location* where_;
  const options* options_;
  request_control* current_ = nullptr;
  sqlite3_stmt* stepping_ = nullptr;
  bool commits_forbidden_ = false;
  bool opening_ = true;
  clock::time_point busy_since_;
  std::shared_ptr<stop_test> stop_;
  std::shared_ptr<collation_failure> collations_; // null without collations of the host
};

/// Replaces the running request for a scope; null means that there is none.
class scoped_request {
public:
  scoped_request(request_handlers& h, request_control* c) noexcept
      : handlers_(&h), before_(h.exchange(c)) {}
  ~scoped_request() { handlers_->exchange(before_); }
  scoped_request(const scoped_request&) = delete;
  scoped_request& operator=(const scoped_request&) = delete;

private:
  request_handlers* handlers_;
  request_control* before_;
};

/// Makes `c` the running request for a scope, in which a statement begins.
struct request_scope : scoped_request {
  request_scope(request_handlers& h, request_control& c) noexcept : scoped_request(h, &c) {
    h.begin_statement();
  }
};

/// Prevents every stop within a scope: an undo must run to its end.
struct unstoppable : scoped_request {
  explicit unstoppable(request_handlers& h) noexcept : scoped_request(h, nullptr) {}
};

} // namespace dbengine::sqlite
