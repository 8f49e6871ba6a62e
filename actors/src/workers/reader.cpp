// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/reader.hpp"

#include "base/error_map.hpp"
#include "workers/worker_failure.hpp"

namespace dbengine::actors::workers {

reader_actor::behavior_type reader(reader_actor::stateful_pointer<reader_state> self,
                                   std::shared_ptr<engine::engine> core, std::size_t index,
                                   child_life life) {
  end_by_exceptions(self);
  const auto number = std::make_shared<std::uint64_t>(0); // of this incarnation
  const auto fail = [self, core, index, number] {
    core->reads().failed(index, *number);
    self->quit(from_info(base::current_exception_info()));
  };
  // However this reader ends, the engine must not wake it for requests any more.
  self->attach_functor(
      [core, index, number](const caf::error&) { core->reads().failed(index, *number); });
  try {
    if (core->reads().is_active(index))
      self->state.conn = core->file().open_reader();
    core->reads().opened(index);
    *number = core->reads().started(index);
    life.report_ready();
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
            conn = core->file().open_reader(); // a spare until now, or the maintenance reader
          if (!core->reads().drain(index, *conn))
            conn.reset(); // opened again when a request waits
        } catch (...) {
          fail();
        }
      },
  };
}

} // namespace dbengine::actors::workers
