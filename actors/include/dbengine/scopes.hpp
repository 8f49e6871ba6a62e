// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// Transactions, snapshots, raw connections and cursors of an engine. Included by `db_engine.hpp`.
/// Thread safety: each object belongs to the thread that obtained it.
/// Ownership: the engine outlives them.

#pragma once

#include <dbengine/statements.hpp>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

namespace dbengine {

/// An open write transaction on a lease of the write connection. `db_engine::write` passes it to
/// its function, commits it when the function returns and rolls it back when it throws.
class transaction : public writing<transaction> {
public:
  /// Made by `db_engine::write`. Refers to `s`, which must outlive it.
  explicit transaction(detail::scope& s) noexcept : scope_(&s) {}
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;

  /// Runs `f(transaction&)` in a savepoint and returns what `f` returns. The savepoint is released
  /// when `f` returns and rolled back when it throws; the transaction itself continues.
  template <std::invocable<transaction&> F>
  auto write(F&& f) {
    return run(scope_->savepoint(), std::forward<F>(f));
  }

  // What `fetch` and `execute` call.
  rows run_fetch(std::string_view sql, const params_view& p) const { return scope_->fetch(sql, p); }
  write_result run_execute(std::string_view sql, const params_view& p) const {
    return scope_->execute(sql, p);
  }
  batch_result run_many(std::string_view sql, std::span<const params> s) const {
    return scope_->execute_many(sql, s);
  }

  /// @cond internal
  // Runs `f` in `s`, and commits or rolls back.
  template <class F>
  static auto run(std::unique_ptr<detail::scope> s, F&& f) {
    transaction tx(*s);
    if constexpr (std::is_void_v<std::invoke_result_t<F, transaction&>>) {
      call(*s, std::forward<F>(f), tx);
      s->commit();
    } else {
      auto result = call(*s, std::forward<F>(f), tx);
      s->commit();
      return result;
    }
  }
  /// @endcond

private:
  // An exception that leaves the transaction also rolls back the rows that the failed statement
  // kept.
  template <class F>
  static decltype(auto) call(const detail::scope& s, F&& f, transaction& tx) {
    try {
      return std::forward<F>(f)(tx);
    } catch (const error& e) {
      if (e.outcome() != outcome::partially_applied || !s.kept_part())
        throw;
      auto info = e.info();
      info.outcome = outcome::rolled_back;
      throw error(std::move(info));
    }
  }

  detail::scope* scope_;
};

/// One snapshot of the database for all reads inside `db_engine::read`.
class snapshot : public reading<snapshot> {
public:
  /// Made by `db_engine::read`. Refers to `s`, which must outlive it.
  explicit snapshot(detail::scope& s) noexcept : scope_(&s) {}
  snapshot(const snapshot&) = delete;
  snapshot& operator=(const snapshot&) = delete;

  // What `fetch` and `execute` call.
  rows run_fetch(std::string_view sql, const params_view& p) const { return scope_->fetch(sql, p); }

private:
  detail::scope* scope_;
};

/// A scoped lease of a connection with everything that SQLite offers, including its native handle.
/// At the end of the scope uncommitted work is rolled back, and the connection is reset or replaced
/// before it is used again. A statement that was prepared through the native handle and not
/// finalized may then only be finalized; a step returns an error (`no such table`).
/// Errors: every call on a moved-from lease throws `errc::invalid_state`.
class raw_connection : public writing<raw_connection> {
public:
  /// Made by `db_engine::raw_connection`. Owns the lease.
  explicit raw_connection(std::unique_ptr<detail::scope> s) noexcept : scope_(std::move(s)) {}

  /// The connection, for SQLite's own functions. Valid until the end of the scope. Do not close it.
  sqlite3* native_handle() const { return scope().native_handle(); }

  // What `fetch` and `execute` call.
  rows run_fetch(std::string_view sql, const params_view& p) const { return scope().fetch(sql, p); }
  write_result run_execute(std::string_view sql, const params_view& p) const {
    return scope().execute(sql, p);
  }
  batch_result run_many(std::string_view sql, std::span<const params> s) const {
    return scope().execute_many(sql, s);
  }

private:
  detail::scope& scope() const {
    if (!scope_)
      throw error(errc::invalid_state, "the raw connection was moved away");
    return *scope_;
  }

  std::unique_ptr<detail::scope> scope_;
};

/// A running query that returns its rows in pages, in constant memory: the rows at the time when it
/// was opened. Its destructor closes it.
/// Errors: every call on a moved-from cursor throws `errc::invalid_state`.
class cursor {
public:
  /// Made by `db_engine::cursor`. Owns the query.
  explicit cursor(std::unique_ptr<detail::cursor_source> s) noexcept : source_(std::move(s)) {}

  /// The next rows, at most the page size; empty at the end. A page ends early after
  /// `defaults::cursor_batch_bytes`. The request's timeout bounds each page by itself.
  rows next() {
    if (!source_)
      throw error(errc::invalid_state, "the cursor was moved away");
    return source_->next();
  }

  /// Input iterator over the rows of all pages. Stepping past the end of a page fetches the next
  /// one and throws what `next` throws. Belongs to the thread of the cursor.
  class iterator {
  public:
    /// @cond internal
    using iterator_concept = std::input_iterator_tag;
    using value_type = row;
    using difference_type = std::ptrdiff_t;

    explicit iterator(cursor& c) : cursor_(&c), batch_(c.next()) {}
    row operator*() const { return batch_[index_]; }
    iterator& operator++() {
      if (++index_ == batch_.size()) {
        batch_ = cursor_->next();
        index_ = 0;
      }
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& i, std::default_sentinel_t) noexcept {
      return i.batch_.empty();
    }
    /// @endcond

  private:
    cursor* cursor_;
    rows batch_;
    std::size_t index_ = 0;
  };

  /// Row by row: `for (auto r : db.cursor("SELECT …"))`. A row is valid until the next step.
  iterator begin() { return iterator(*this); }
  /// The end of the rows.
  std::default_sentinel_t end() const noexcept { return {}; }

private:
  std::unique_ptr<detail::cursor_source> source_;
};

} // namespace dbengine
