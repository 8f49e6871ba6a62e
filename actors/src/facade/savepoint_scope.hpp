// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A savepoint inside a write transaction of the facade.
// Thread safety: the thread that opened the transaction. Ownership: none; the transaction outlives
// it.

#pragma once

#include "facade/local_scope.hpp"

#include <optional>
#include <utility>

namespace dbengine::actors::facade {

/// Destroyed without `commit`, it undoes what ran since it was opened.
class savepoint_scope final : public detail::scope {
public:
  savepoint_scope(local_scope& outer, sqlite::connection& c, std::optional<request_options> own)
      : outer_(&outer), connection_(&c), own_(std::move(own)), rows_before_(outer.rows_so_far()) {
    c.transaction().savepoint();
  }
  ~savepoint_scope() override {
    if (ended_)
      return;
    connection_->transaction().rollback_to_savepoint();
    outer_->restore_rows(rows_before_);
  }
  rows fetch(std::string_view sql, const params_view& p) override {
    const properties mine(*this);
    return outer_->fetch(sql, p);
  }
  write_result execute(std::string_view sql, const params_view& p) override {
    const properties mine(*this);
    return outer_->execute(sql, p);
  }
  batch_result execute_many(std::string_view sql, std::span<const params> sets) override {
    const properties mine(*this);
    return outer_->execute_many(sql, sets);
  }
  void commit() override {
    if (!connection_->transaction().is_open())
      throw error(errc::sql, "a statement ended the transaction that this savepoint belongs to");
    connection_->transaction().release_savepoint();
    ended_ = true;
  }
  std::unique_ptr<detail::scope> savepoint() override {
    outer_->check_open();
    return std::make_unique<savepoint_scope>(*outer_, *connection_, own_);
  }
  sqlite3* native_handle() noexcept override { return connection_->handle(); }
  bool kept_part() const noexcept override { return outer_->kept_part(); }

private:
  // The savepoint's own deadline and cancel token, for the time of one of its statements.
  class properties {
  public:
    explicit properties(savepoint_scope& s) : scope_(&s) {
      if (s.own_)
        before_ = s.outer_->exchange_options(*s.own_);
    }
    ~properties() {
      if (before_)
        scope_->outer_->exchange_options(std::move(*before_));
    }
    properties(const properties&) = delete;
    properties& operator=(const properties&) = delete;

  private:
    savepoint_scope* scope_;
    std::optional<request_options> before_;
  };

  local_scope* outer_;
  sqlite::connection* connection_;
  std::optional<request_options> own_;
  std::uint64_t rows_before_;
  bool ended_ = false;
};

} // namespace dbengine::actors::facade
