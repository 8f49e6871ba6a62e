// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "reader_pool.hpp"

namespace dbengine::actors {

reader_pool_actor::behavior_type reader_pool(
    reader_pool_actor::stateful_pointer<reader_pool_state> self,
    std::shared_ptr<detail::engine_core> core) {
  return {
      [self, core](caf::tick_atom) {
        if (core->sweep()) {
          self->delayed_send(self, defaults::lease_idle, caf::tick_atom_v);
        } else if (!self->state.closing) {
          self->state.closing = true;
          self->delayed_send(self, defaults::lease_close, caf::idle_atom_v);
        }
      },
      [self, core](caf::idle_atom) {
        self->state.closing = false;
        core->leases().close_idle();
      },
  };
}

} // namespace dbengine::actors
