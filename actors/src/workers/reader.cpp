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
  const auto number = std::make_shared<std::uint64_t>(0); // of its life in the engine
  const auto fail = [self, core, index, number] {
    core->reader_failed(index, *number);
    self->quit(from_info(base::current_exception_info()));
  };
  // However it ends, the engine must not wake this reader for requests any more.
  self->attach_functor(
      [core, index, number](const caf::error&) { core->reader_failed(index, *number); });
  try {
    if (core->reader_active(index))
      self->state.conn = core->open_reader();
    core->reader_open(index);
    *number = core->reader_started(index);
    life.report_ready();
  } catch (...) {
    fail();
  }
  return {
      [self, core, index, fail](caf::flush_atom) {
        auto& conn = self->state.conn;
        try {
          if (!core->take_wake_up(index))
            return;
          if (!conn && !core->work_waits(index))
            return;
          if (!conn)
            conn = core->open_reader(); // a spare until now, or the maintenance reader
          if (!core->drain_reads(index, *conn))
            conn.reset(); // opened again when a request waits
        } catch (...) {
          fail();
        }
      },
  };
}

} // namespace dbengine::actors::workers
