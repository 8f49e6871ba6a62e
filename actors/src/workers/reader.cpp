// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/reader.hpp"

#include "base/error_map.hpp"
#include "workers/worker_failure.hpp"

namespace dbengine::actors::workers {

reader_actor::behavior_type reader(reader_actor::stateful_pointer<reader_state> self,
                                   std::shared_ptr<engine::engine> core, std::size_t index,
                                   std::function<void()> ready) {
  end_by_exceptions(self);
  const auto life = std::make_shared<std::uint64_t>(0);
  const auto fail = [self, core, index, life] {
    core->reads().failed(index, *life);
    self->quit(from_info(base::current_exception_info()));
  };
  // However it ends: who has requests for a reader must not send them to this one.
  self->attach_functor(
      [core, index, life](const caf::error&) { core->reads().failed(index, *life); });
  try {
    if (core->reads().is_active(index))
      self->state.conn = core->file().open_reader();
    core->reads().opened(index);
    *life = core->reads().started(index);
    ready();
  } catch (...) {
    fail();
  }
  return {
      [self, core, index, fail](caf::flush_atom) {
        auto& conn = self->state.conn;
        try {
          if (!core->reads().accept_wake_up(index))
            return;
          if (!conn && !core->reads().has_work(index))
            return;
          if (!conn)
            conn = core->file().open_reader(); // it was a spare until now, or is the one for upkeep
          if (!core->reads().drain(index, *conn))
            conn.reset(); // opened anew when there is something to do
        } catch (...) {
          fail();
        }
      },
  };
}

} // namespace dbengine::actors::workers
