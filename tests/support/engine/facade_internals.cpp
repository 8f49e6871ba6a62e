// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/engine/facade_internals.hpp"

#include "facade/local_backend.hpp"
#include "system/engine_handle.hpp"

namespace dbengine::test {

std::shared_ptr<actors::system::engine_system> engine_system_of(db_engine& db) {
  return dynamic_cast<actors::facade::local_backend&>(db.backend()).engine();
}

engine_actor handle_of(db_engine& db) {
  return actors::system::engine_handle::make(engine_system_of(db));
}

} // namespace dbengine::test
