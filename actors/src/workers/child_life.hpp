// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One incarnation of a supervised worker, as the worker sees it.
// Thread safety: any thread.

#pragma once

#include "workers/interfaces.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <cstdint>
#include <utility>

namespace dbengine::actors::workers {

/// A worker receives this at its start and reports with it that it has opened what it needs.
/// Ownership: none; the address is weak, because a worker must not keep its supervisor alive.
class child_life {
public:
  /// For a worker without a supervisor: its report has no receiver.
  child_life() = default;
  child_life(const supervisor_actor& supervisor, std::uint32_t child, std::uint32_t incarnation)
      : supervisor_(supervisor.address()), id_{child, incarnation} {}

  void report_ready() const {
    if (const auto strong = caf::actor_cast<caf::strong_actor_ptr>(supervisor_))
      caf::anon_send(caf::actor_cast<supervisor_actor>(strong), id_);
  }

private:
  caf::actor_addr supervisor_;
  child_ready id_;
};

} // namespace dbengine::actors::workers
