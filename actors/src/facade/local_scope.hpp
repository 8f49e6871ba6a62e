// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Leases of a connection over several statements: write transactions, snapshots, raw connections, cursors.
// Thread rule: the thread that opened it. Ownership: gives the connection back at its end.

#pragma once

#include "facade/local_backend.hpp"

#include <utility>

namespace dbengine::actors::facade {

class local_scope final : public detail::scope {
public:
  enum class kind : std::uint8_t { write, read, raw_write, raw_read };

  /// Made before anything is taken for it: what was taken and finds no memory for its owner would never be given back.
  local_scope(local_backend& b, kind k, const request_options& o);
  /// Begins the transaction or snapshot. `l` for the reading kinds; for the writing ones this thread has the write connection.
  /// Either is given back where it throws.
  void begin(engine::lease* l);
  ~local_scope() override;

  rows fetch(std::string_view sql, const params_view& p) override;
  write_result execute(std::string_view sql, const params_view& p) override;
  batch_result execute_many(std::string_view sql, std::span<const params> sets) override;
  void commit() override;
  std::unique_ptr<detail::scope> savepoint() override;
  /// The same; its statements have these properties where they name a deadline or a cancel token.
  std::unique_ptr<detail::scope> savepoint_with(const request_options& o);
  /// Those of the statements from now on; gives what they were.
  request_options exchange_options(request_options o) noexcept {
    return std::exchange(options_, std::move(o));
  }
  sqlite3* native_handle() noexcept override;
  bool kept_part() const noexcept override { return kept_part_; }
  /// Throws `errc::invalid_state` where no statement can run in it any more, or not now.
  void check_open() const;
  /// Rows that its statements returned or changed; a savepoint that is undone takes back its own.
  std::uint64_t rows_so_far() const noexcept { return rows_; }
  void take_back_rows(std::uint64_t before) noexcept { rows_ = before; }

private:
  /// While it runs something on the connection: shutting down waits for it then, and else takes the connection away.
  class call;

  void park() noexcept;
  /// False where shutting down took the connection away.
  bool resume() noexcept;
  template <class F>
  auto run(F&& f);
  sqlite::connection& connection() const;
  void give_back() noexcept;
  /// A `write` is one request of the statistics, counted once, while it has the write connection.
  void count_write(bool failed) noexcept;

  local_backend* backend_;
  std::shared_ptr<system::engine_system> house_; // outlives a scope that is still open at shutdown
  kind kind_;
  engine::lease* lease_ = nullptr;
  request_options options_;
  bool ended_ = true;      // until it begins
  bool kept_part_ = false; // a statement failed with `partly_kept`
  bool counted_ = false;
  std::uint64_t rows_ = 0;
  std::optional<error_info> broken_; // the connection failed under a statement
};

/// A query stepped on the caller's thread, on a lease of its own.
class local_cursor final : public detail::cursor_source {
public:
  /// Made before its lease is taken, as a scope is.
  local_cursor(engine::engine& core, std::shared_ptr<system::engine_system> h, std::size_t batch,
               const request_options& o);
  void open(engine::lease& l, std::string_view sql, const params_view& p);
  ~local_cursor() override;
  rows next() override;

private:
  sqlite::request_control control_now() const;

  std::shared_ptr<system::engine_system> house_;
  engine::lease* lease_ = nullptr;
  std::unique_ptr<sqlite::connection::cursor> cursor_;
  std::size_t batch_;
  request_options options_;
  std::chrono::milliseconds timeout_;
};

} // namespace dbengine::actors::facade
