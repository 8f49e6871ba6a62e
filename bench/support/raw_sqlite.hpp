// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A minimal wrapper for the raw SQLite subject: it adds only lifetimes to the C API.
// Thread safety: one thread at a time.

#pragma once

#include "subject.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include <sqlite3.h>

namespace dbengine::bench::raw {

using owned_value =
    std::variant<std::monostate, std::int64_t, double, std::string, std::vector<std::byte>>;

/// Rows in sequence in one vector: the cheapest way to own them with standard types.
struct owned_rows {
  std::vector<owned_value> cells;
  std::size_t width = 0;
  std::size_t size() const noexcept { return width == 0 ? 0 : cells.size() / width; }
};

class connection {
public:
  /// `nomutex` opens with SQLITE_OPEN_NOMUTEX; otherwise with SQLite's default.
  connection(const std::filesystem::path& file, bool nomutex);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  void run(const std::string& sql);
  [[noreturn]] void fail(const char* what) const;
  sqlite3* get() const noexcept { return db_; }

private:
  sqlite3* db_ = nullptr;
};

class statement {
public:
  statement(connection& c, const char* sql);
  ~statement();
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;

  /// Binds the three columns, steps once, resets.
  void run(const person& p);
  /// For statements without parameters.
  void run();
  /// Runs a query with the parameters bound before and copies all rows.
  owned_rows fetch();
  void bind(int index, std::int64_t x) { sqlite3_bind_int64(stmt_, index, x); }

private:
  void finish_write();

  connection& connection_;
  sqlite3_stmt* stmt_ = nullptr;
};

} // namespace dbengine::bench::raw
