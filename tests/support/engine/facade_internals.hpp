// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The way from a facade to the engine behind it, for tests that use both doors of one engine.

#pragma once

#include "system/engine_system.hpp"

#include <dbengine/db_engine.hpp>

#include <memory>

namespace dbengine::test {

/// The engine inside a facade. Let go of it, and of the handle, before the facade ends.
std::shared_ptr<actors::system::engine_system> engine_system_of(db_engine& db);
/// Its typed handle.
engine_actor handle_of(db_engine& db);

} // namespace dbengine::test
