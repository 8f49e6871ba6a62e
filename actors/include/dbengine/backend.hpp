// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// The interface behind the facade, implemented in-process and over the wire.
/// Thread safety: `backend` may be called from any number of threads; a scope belongs to the thread
/// that opened it.
/// Ownership: scopes must end before their backend; the facade guarantees it.

#pragma once

#include <dbengine/backup.hpp>
#include <dbengine/options.hpp>
#include <dbengine/results.hpp>
#include <dbengine/stats.hpp>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

struct sqlite3;

namespace dbengine::detail {

/// A lease of one connection; statements run on the caller's thread. A transaction that ends
/// without `commit` is rolled back.
class scope {
public:
  virtual ~scope() = default;
  virtual dbengine::rows fetch(std::string_view sql, const params_view& p) = 0;
  virtual write_result execute(std::string_view sql, const params_view& p) = 0;
  virtual batch_result execute_many(std::string_view sql, std::span<const params> sets) = 0;
  virtual void commit() = 0;
  virtual std::unique_ptr<scope> savepoint() = 0;
  virtual sqlite3* native_handle() noexcept = 0;
  /// True if one of its statements failed and kept rows (`outcome::partially_applied`). Those rows
  /// are lost if the scope is rolled back.
  virtual bool kept_part() const noexcept { return false; }
};

/// A running query.
class cursor_source {
public:
  virtual ~cursor_source() = default;
  /// The next rows, at most the page size; empty at the end.
  virtual dbengine::rows next() = 0;
};

class backend {
public:
  virtual ~backend() = default;

  virtual dbengine::rows fetch(std::string_view sql, const params_view& p,
                               const request_options& o) = 0;
  virtual write_result execute(std::string_view sql, const params_view& p,
                               const request_options& o) = 0;
  virtual batch_result execute_many(std::string_view sql, std::span<const params> sets,
                                    const request_options& o) = 0;
  virtual std::vector<operation_result> transact(std::span<const operation> ops,
                                                 const request_options& o) = 0;
  virtual script_result script(std::string_view sql, script_mode mode,
                               const request_options& o) = 0;
  virtual std::unique_ptr<cursor_source> open_cursor(std::string_view sql, const params_view& p,
                                                     std::size_t batch,
                                                     const request_options& o) = 0;

  virtual std::unique_ptr<scope> begin_write(const request_options& o) = 0;
  virtual std::unique_ptr<scope> begin_read(const request_options& o) = 0;
  virtual std::unique_ptr<scope> begin_raw(bool read_only, const request_options& o) = 0;

  virtual bool request_backup(const request_options& o) = 0;
  virtual void backup_to(const std::filesystem::path& target, const progress_callback& progress,
                         const request_options& o) = 0;
  virtual dbengine::backup_info backup_info() = 0;

  virtual dbengine::statistics statistics() = 0;
  virtual health_report health() = 0;
  virtual dbengine::database_info database_info() = 0;

  virtual void vacuum(const request_options& o) = 0;
  virtual void analyze(std::string_view table, const request_options& o) = 0;
  virtual void optimize(const request_options& o) = 0;
  virtual std::vector<std::string> integrity_check(bool quick, const request_options& o) = 0;
  virtual checkpoint_result checkpoint(checkpoint_mode mode, const request_options& o) = 0;
  virtual void set_pragma(std::string_view name, const value& v, const request_options& o) = 0;

  /// Throws `errc::invalid_state` if this thread is inside a function that a statement of this
  /// engine calls.
  virtual void refuse_nested() const {}
  virtual void shutdown() = 0;
};

} // namespace dbengine::detail
