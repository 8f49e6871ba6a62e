// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/report_worker.hpp"

#include "workers/reports.hpp"
#include "workers/worker_failure.hpp"

#include <caf/send.hpp>

namespace dbengine::actors::workers {

namespace {

using self_pointer = report_actor::stateful_pointer<report_state>;

// For a thread that may come back when nobody waits any more.
std::function<void()> tell(self_pointer self) {
  return [me = caf::actor_addr(self->address())] {
    try {
      if (auto strong = caf::actor_cast<caf::strong_actor_ptr>(me))
        caf::anon_send(caf::actor_cast<report_actor>(strong), caf::ok_atom_v);
    } catch (...) { // no memory for a message: it answers when its patience ends
    }
  };
}

template <class Result, class Make>
caf::result<Result> begin(self_pointer self, Make make) {
  auto promise = self->make_response_promise<Result>();
  self->state.answer = [self, promise, make = std::move(make)]() mutable {
    try {
      promise.deliver(make());
    } catch (...) {
      promise.deliver(from_info(base::current_exception_info()));
    }
    self->quit();
  };
  return promise;
}

void give(self_pointer self) {
  if (const auto answer = std::exchange(self->state.answer, nullptr))
    answer();
}

} // namespace

report_actor::behavior_type report_worker(self_pointer self, report_sources from) {
  // Both looks, for a moment.
  end_by_exceptions(self);
  const auto look = [self, from] {
    self->delayed_send(self, defaults::look_patience, caf::timeout_atom_v);
    self->state.awaited = 2;
    from.disk->request(tell(self));
    from.backups->folder().request_listing(tell(self), false);
  };
  return {
      [self, from, look](const statistics_request&) -> caf::result<statistics> {
        auto answer = begin<statistics>(
            self, [from] { return report_statistics(*from.core, *from.workers, *from.backups); });
        look();
        return answer;
      },
      [self, from, look](const health_request&) -> caf::result<health_report> {
        auto answer = begin<health_report>(self, [from] {
          return report_health(*from.core, *from.workers, *from.backups, from.disk->running_for());
        });
        look();
        return answer;
      },
      // There is nothing to tell without the folder: its sender knows how long it waits.
      [self, from](const backup_info_request&) -> caf::result<backup_info> {
        auto answer = begin<backup_info>(self, [from] { return from.backups->last_info(); });
        self->state.awaited = 1;
        from.backups->folder().request_listing(tell(self), true);
        return answer;
      },
      [self](caf::ok_atom) {
        if (--self->state.awaited <= 0)
          give(self);
      },
      [self](caf::timeout_atom) { give(self); },
  };
}

} // namespace dbengine::actors::workers
