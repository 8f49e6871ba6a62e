// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "inside.hpp"

#include "engine.hpp"
#include "local_backend.hpp"

namespace dbengine::test {

std::shared_ptr<actors::house> house_of(db_engine& db) {
  return dynamic_cast<actors::local_backend&>(db.backend()).engine();
}

engine_actor handle_of(db_engine& db) {
  return actors::engine_router::make(house_of(db));
}

} // namespace dbengine::test
