// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Binds the parameters of a prepared statement.
// Thread safety: the connection's user.

#pragma once

#include "sqlite/statement_cache.hpp"

#include <dbengine/params.hpp>

#include <span>
#include <vector>

struct sqlite3;

namespace dbengine::sqlite {

/// Binds all parameters by reference: the values must live until the statement is reset. Throws
/// `errc::bind`, which names the missing, extra or misspelt parameter; nothing has run then.
class binder {
public:
  binder(sqlite3* db, prepared& p) : db_(db), p_(&p) {}

  void bind(const params_view& v);
  /// For `execute_many`: a mapping of names is reused for the next set if that has the same names.
  void bind(const params& set);
  /// Binds consecutive sets into a statement of as many rows. Returns false, without a reason, if a
  /// set does not fit or a value is refused: the statement of one row reports the reason.
  bool bind_rows(std::span<const params> sets) noexcept;

private:
  void check_count(std::size_t given) {
    if (given != static_cast<std::size_t>(p_->parameter_count))
      throw_count_error(given);
  }
  [[noreturn]] void throw_count_error(std::size_t given);
  void map_names(const params& p);
  template <class T>
  void bind_one(int index, const T& v);
  [[noreturn]] void throw_bind_error(int rc, int index, const value_ref& v);
  std::string describe(int index);
  void load_names();

  sqlite3* db_;
  prepared* p_;
  std::vector<std::string> mapped_names_;
  std::vector<std::size_t> source_; // by parameter index - 1: which value
};

} // namespace dbengine::sqlite
