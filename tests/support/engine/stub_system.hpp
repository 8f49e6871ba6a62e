// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A host's actor system with a stub actor in it.
// Thread safety: as its members. Ownership: owns both.

#pragma once

#include "support/engine/handle_backend.hpp"
#include "support/stub_actor.hpp"

#include <caf/actor_system.hpp>
#include <caf/logger.hpp>

namespace dbengine::test {

/// The thread that makes it is not tied to the system's logger.
struct stub_system {
  stub_system() : sys(cfg) { caf::logger::set_current_actor_system(nullptr); }

  host_config cfg;
  caf::actor_system sys;
  stub_actor stub{sys};
};

} // namespace dbengine::test
