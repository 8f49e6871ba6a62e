// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Copies the rows of a running statement into a result.
// Thread safety: the connection's user. Ownership: owns the result until `finish`.

#pragma once

#include "sqlite/statement_cache.hpp"

#include <dbengine/error.hpp>
#include <dbengine/rows.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace dbengine::sqlite {

/// A result under construction, within its limits.
class row_collector {
public:
  struct limits {
    std::size_t rows;        ///< error if the result has more; 0 means none
    std::size_t bytes;       ///< error if the result has more
    std::size_t batch_rows;  ///< `is_full` from here on; 0 means never
    std::size_t batch_bytes; ///< `is_full` from here on
  };
  row_collector(prepared& p, const limits& l) : p_(&p), limits_(l) {}

  /// True if the batch has reached its number of rows or bytes.
  bool is_full() const noexcept {
    return limits_.batch_rows != 0 &&
           (result_->row_count >= limits_.batch_rows || result_->memory() >= limits_.batch_bytes);
  }
  bool has_columns() const noexcept { return result_->columns != nullptr; }
  /// Takes the statement's column names; before the first row.
  void set_columns() noexcept { result_->columns = p_->columns; }
  /// Appends the statement's current row. Throws `errc::too_big` beyond a limit or without memory.
  void append();

  std::size_t bytes() const noexcept { return sizeof(detail::arena) + result_->memory(); }
  /// Stores the size for the statement's next result and returns the result.
  rows finish();

private:
  void reserve();
  bool append_cells(detail::arena& a);
  [[noreturn]] void throw_too_big(std::string what) const;
  [[noreturn]] void throw_too_many_bytes() const;

  prepared* p_;
  limits limits_;
  std::shared_ptr<detail::arena> result_ = std::make_shared<detail::arena>();
};

} // namespace dbengine::sqlite
