// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The cost of a statement's runs on one connection.
// Thread safety: the connection's user.

#pragma once

#include "sqlite/statement_cache.hpp"

#include <cstddef>

namespace dbengine::sqlite {

class deadline;

/// Records a run of the statement: the bytes of its result and the steps of SQLite's machine.
void record_cost(prepared& p, std::size_t bytes, const deadline& d) noexcept;
/// True if no run took many steps or bytes.
bool is_cheap(const prepared& p) noexcept;

} // namespace dbengine::sqlite
