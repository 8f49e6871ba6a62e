// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Sends the same questions to SQLite itself, through its C interface and without the engine.
#pragma once

#include <dbengine/value.hpp>

#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;

namespace dbengine::app::demo {

/// An answer as plain values, row by row.
using answer = std::vector<std::vector<value>>;

/// A separate read-only connection.
/// Thread safety: one thread.
/// Errors: `std::runtime_error` with SQLite's message; `dbengine::error` with `errc::cancelled`
/// after `cancel` requests a stop.
class oracle {
public:
  explicit oracle(const std::filesystem::path& file, std::stop_token cancel = {});
  ~oracle();
  oracle(const oracle&) = delete;
  oracle& operator=(const oracle&) = delete;

  answer ask(std::string_view sql, const std::vector<value>& parameters = {}) const;

private:
  const std::stop_token cancel_;
  sqlite3* handle_ = nullptr;
};

} // namespace dbengine::app::demo
