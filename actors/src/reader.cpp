// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "reader.hpp"

#include "error_map.hpp"

namespace dbengine::actors {

reader_actor::behavior_type reader(reader_actor::stateful_pointer<reader_state> self,
                                   std::shared_ptr<detail::engine_core> core, std::size_t index,
                                   std::function<void()> ready) {
  const auto fail = [self, core, index] {
    core->reader_failed(index);
    self->quit(from_info(detail::current_exception_info()));
  };
  try {
    self->state.conn = core->open_reader();
    core->reader_started(index);
    ready();
  } catch (...) {
    fail();
  }
  return {
      [self, core, index, fail](caf::flush_atom) {
        try {
          if (!core->drain_reads(index, *self->state.conn))
            self->quit(); // it was given up while it was stuck; another one has its place
        } catch (...) {
          fail();
        }
      },
  };
}

} // namespace dbengine::actors
