// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A second opinion: the same questions asked of SQLite itself, through its C interface and past the engine.
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

/// One read-only connection of its own. Throws `std::runtime_error` with SQLite's message, and `dbengine::error` with
/// `errc::cancelled` once `cancel` asks for a stop. One thread.
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
