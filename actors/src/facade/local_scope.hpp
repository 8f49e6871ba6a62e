// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A connection held over several statements: a write transaction, a snapshot or a raw connection.
// Thread safety: the thread that opened it. Ownership: returns the connection at its end. Errors:
// thrown.

#pragma once

#include "facade/local_backend.hpp"

#include <utility>

namespace dbengine::actors::facade {

class local_scope final : public detail::scope {
public:
  enum class kind : std::uint8_t { write, read, raw_write, raw_read };

  /// Constructed before its connection is taken: if there were no memory for the connection's
  /// owner, the connection would never be returned.
  local_scope(local_backend& b, kind k, const request_options& o);
  /// Begins the transaction or snapshot. `l`: the lease of the reading kinds; for the writing
  /// kinds, null, and this thread holds the write connection. If it throws, the connection has been
  /// returned.
  void begin(engine::lease* l);
  ~local_scope() override;

  rows fetch(std::string_view sql, const params_view& p) override;
  write_result execute(std::string_view sql, const params_view& p) override;
  batch_result execute_many(std::string_view sql, std::span<const params> sets) override;
  void commit() override;
  std::unique_ptr<detail::scope> savepoint() override;
  /// The same. If `o` has a deadline or a cancel token, the savepoint's statements have these.
  std::unique_ptr<detail::scope> savepoint_with(const request_options& o);
  /// Sets the properties of the following statements. Returns the previous ones.
  request_options exchange_options(request_options o) noexcept {
    return std::exchange(options_, std::move(o));
  }
  sqlite3* native_handle() noexcept override;
  bool kept_part() const noexcept override { return kept_part_; }
  /// Throws `errc::invalid_state` if the scope can run no more statements, or none now.
  void check_open() const;
  /// The number of rows that its statements returned or changed. Undoing a savepoint restores the
  /// count.
  std::uint64_t rows_so_far() const noexcept { return rows_; }
  void restore_rows(std::uint64_t before) noexcept { rows_ = before; }

private:
  /// Marks a statement that runs on the connection. A shutdown waits for it; between calls the
  /// shutdown takes the connection.
  class call;

  void park() noexcept;
  /// False if the shutdown took the connection.
  bool resume() noexcept;
  template <class F>
  auto run(F&& f);
  sqlite::connection& connection() const;
  void give_back() noexcept;
  /// A `write` is one request of the statistics: counted once, while it holds the write connection.
  void count_write(bool failed) noexcept;

  local_backend* backend_;
  std::shared_ptr<system::engine_system>
      engine_system_; // outlives a scope that is still open at shutdown
  kind kind_;
  engine::lease* lease_ = nullptr;
  request_options options_;
  bool ended_ = true;      // until it begins
  bool kept_part_ = false; // a statement failed and kept rows
  bool counted_ = false;
  std::uint64_t rows_ = 0;
  std::optional<error_info> broken_; // the connection failed under a statement
};

} // namespace dbengine::actors::facade
