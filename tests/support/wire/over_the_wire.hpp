// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An engine published at a port of this machine, with its clients: the facade and typed handles.
// The host, the facade and the handles have separate actor systems.
// Thread safety: created and destroyed by one thread; any thread may use its facade and handles.
// Ownership: owns everything.

#pragma once

#include "support/engine/handle_backend.hpp"

#include <dbengine/actors/handles.hpp>
#include <dbengine/db_engine.hpp>

#include <caf/actor_system.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace dbengine::test {

class over_the_wire {
public:
  /// Throws the errors of opening, publishing and connecting.
  over_the_wire(const std::string& url, const options& o);
  ~over_the_wire();
  over_the_wire(const over_the_wire&) = delete;
  over_the_wire& operator=(const over_the_wire&) = delete;

  db_engine& facade() noexcept { return *db_; }
  /// Returns a typed handle of the same engine, in the actor system `handles()`.
  engine_actor connect();
  caf::actor_system& handles() noexcept { return *client_; }

private:
  struct config : host_config {
    config();
  };

  config host_config_, client_config_;
  std::unique_ptr<caf::actor_system> host_, client_;
  std::uint16_t port_ = 0;
  engine_actor engine_;
  std::optional<db_engine> db_;
};

} // namespace dbengine::test
