// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A second opinion: the same questions asked of SQLite itself, through its C interface and past the engine.
#pragma once

#include <dbengine/value.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;

namespace dbengine::app::demo {

/// An answer as plain values, row by row.
using answer = std::vector<std::vector<value>>;

/// One read-only connection of its own. Throws `std::runtime_error` with SQLite's message. One thread.
class oracle {
public:
  explicit oracle(const std::filesystem::path& file);
  ~oracle();
  oracle(const oracle&) = delete;
  oracle& operator=(const oracle&) = delete;

  answer ask(std::string_view sql, const std::vector<value>& parameters = {}) const;

private:
  sqlite3* handle_ = nullptr;
};

} // namespace dbengine::app::demo
