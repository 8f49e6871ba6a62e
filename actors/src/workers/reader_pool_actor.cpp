// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/reader_pool_actor.hpp"

#include "base/fault.hpp"
#include "workers/worker_failure.hpp"

namespace dbengine::actors::workers {

reader_pool_actor::behavior_type reader_pool(
    reader_pool_actor::stateful_pointer<reader_pool_state> self,
    std::shared_ptr<engine::engine> core, std::shared_ptr<engine::cursor_table> cursors) {
  // Nobody waits for an answer here.
  end_by_exceptions(self);
  const auto or_fail = [self](auto f) {
    try {
      f();
    } catch (...) {
      self->quit(from_info(base::current_exception_info()));
    }
  };
  const auto expire = [self, cursors] {
    if (const auto next = cursors->expire())
      self->delayed_send(self, *next, caf::timeout_atom_v);
  };
  // What the one before it was to look after, its timers are gone with it.
  expire();
  // Always: the write connection's snapshot counts, too, and what armed the one before it will not arm this one.
  self->send(self, caf::tick_atom_v);
  return {
      [self, core, or_fail](caf::tick_atom) {
        or_fail([&] {
          DBENGINE_FAULT_POINT("pool.sweep");
          if (core->sweeper().sweep()) {
            self->delayed_send(self, defaults::lease_idle, caf::tick_atom_v);
          } else if (!self->state.closing) {
            self->state.closing = true;
            self->delayed_send(self, defaults::lease_close, caf::idle_atom_v);
          }
        });
      },
      [self, core, or_fail](caf::idle_atom) {
        or_fail([&] {
          self->state.closing = false;
          core->leases().close_idle();
        });
      },
      [expire, or_fail](caf::timeout_atom) { or_fail(expire); },
      [cursors, or_fail](caf::close_atom) { or_fail([&] { cursors->drop_closed(); }); },
  };
}

} // namespace dbengine::actors::workers
