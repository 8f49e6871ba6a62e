// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/writer.hpp"

#include "base/error_map.hpp"
#include "workers/worker_failure.hpp"

namespace dbengine::actors::workers {

writer_actor::behavior_type writer(writer_actor::stateful_pointer<writer_state> self,
                                   std::shared_ptr<engine::engine> core, child_life life) {
  end_by_exceptions(self);
  const auto fail = [self] { self->quit(from_info(base::current_exception_info())); };
  try {
    core->writer().open();
    if (core->checkpoints().is_scheduled()) // by the previous writer
      self->delayed_send(self, defaults::checkpoint_idle, checkpoint_if_idle{});
    life.report_ready();
  } catch (...) {
    fail();
  }
  return {
      [core, fail](caf::flush_atom) {
        try {
          core->writes().drain();
        } catch (...) {
          fail();
        }
      },
      [self, core, fail](checkpoint_if_idle) {
        try {
          if (core->checkpoints().run_when_idle())
            self->delayed_send(self, defaults::checkpoint_idle, checkpoint_if_idle{});
        } catch (...) {
          fail();
        }
      },
      [self](writer_lost) {
        self->quit(
            from_info({.code = errc::unavailable, .message = "the write connection failed"}));
      },
  };
}

} // namespace dbengine::actors::workers
