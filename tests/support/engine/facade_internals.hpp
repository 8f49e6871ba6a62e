// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Access to the engine behind a facade, for tests that use both interfaces of one engine.

#pragma once

#include "system/engine_system.hpp"

#include <dbengine/db_engine.hpp>

#include <memory>

namespace dbengine::test {

/// The engine inside a facade. Release it, and the handle, before the facade ends.
std::shared_ptr<actors::system::engine_system> engine_system_of(db_engine& db);
/// Its typed handle.
engine_actor handle_of(db_engine& db);

} // namespace dbengine::test
