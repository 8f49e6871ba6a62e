// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/reader_pool_actor.hpp"

#include "base/fault.hpp"
#include "workers/worker_failure.hpp"

namespace dbengine::actors::workers {

reader_pool_actor::behavior_type reader_pool(
    reader_pool_actor::stateful_pointer<reader_pool_state> self,
    std::shared_ptr<engine::engine> core, std::shared_ptr<engine::cursor_table> cursors,
    child_life life) {
  end_by_exceptions(self);
  // Its messages have no answer: an exception is the worker's failure.
  const auto or_fail = [self](auto f) {
    try {
      f();
    } catch (...) {
      self->quit(from_info(base::current_exception_info()));
    }
  };
  const auto expire = [self, cursors] {
    if (const auto next = cursors->expire())
      self->delayed_send(self, *next, expire_cursors{});
  };
  // The timers of the incarnation before this one ended with it.
  expire();
  // Always: the write connection's snapshot counts, too, and the engine schedules no second sweep
  // while one is due.
  self->send(self, sweep_leases{});
  life.report_ready();
  return {
      [self, core, or_fail](sweep_leases) {
        or_fail([&] {
          DBENGINE_FAULT_POINT("pool.sweep");
          if (core->sweeper().sweep()) {
            self->delayed_send(self, defaults::lease_idle, sweep_leases{});
          } else if (!self->state.close_scheduled) {
            self->state.close_scheduled = true;
            self->delayed_send(self, defaults::lease_close, close_idle_connections{});
          }
        });
      },
      [self, core, or_fail](close_idle_connections) {
        or_fail([&] {
          self->state.close_scheduled = false;
          core->leases().close_idle();
        });
      },
      [expire, or_fail](expire_cursors) { or_fail(expire); },
      [cursors, or_fail](drop_closed_cursors) { or_fail([&] { cursors->drop_closed(); }); },
  };
}

} // namespace dbengine::actors::workers
