// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/report_worker.hpp"

#include "workers/reports.hpp"
#include "workers/worker_failure.hpp"

#include <caf/send.hpp>

namespace dbengine::actors::workers {

namespace {

using self_pointer = report_actor::stateful_pointer<report_state>;

// For the thread that takes a sample: it may finish after the actor has ended.
std::function<void()> notify_of_sample(self_pointer self) {
  return [me = caf::actor_addr(self->address())] {
    try {
      if (auto strong = caf::actor_cast<caf::strong_actor_ptr>(me))
        caf::anon_send(caf::actor_cast<report_actor>(strong), sample_taken{});
    } catch (...) { // no memory for a message: the actor answers when its patience ends
    }
  };
}

template <class Result, class Make>
caf::result<Result> promise_answer(self_pointer self, Make make) {
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

void answer_now(self_pointer self) {
  if (const auto answer = std::exchange(self->state.answer, nullptr))
    answer();
}

} // namespace

report_actor::behavior_type report_worker(self_pointer self, report_sources from) {
  end_by_exceptions(self);
  // Asks for both samples and waits for them, but not longer than its patience.
  const auto request_samples = [self, from] {
    self->delayed_send(self, defaults::look_patience, patience_ended{});
    self->state.awaited = 2;
    from.disk->request(notify_of_sample(self));
    from.backups->folder().request_listing(notify_of_sample(self), false);
  };
  return {
      [self, from, request_samples](const statistics_request&) -> caf::result<statistics> {
        auto answer = promise_answer<statistics>(
            self, [from] { return report_statistics(*from.core, *from.workers, *from.backups); });
        request_samples();
        return answer;
      },
      [self, from, request_samples](const health_request&) -> caf::result<health_report> {
        auto answer = promise_answer<health_report>(self, [from] {
          return report_health(*from.core, *from.workers, *from.backups, from.disk->running_for());
        });
        request_samples();
        return answer;
      },
      // Without the folder there is nothing to report: its sender decides how long to wait.
      [self, from](const backup_info_request&) -> caf::result<backup_info> {
        auto answer =
            promise_answer<backup_info>(self, [from] { return from.backups->last_info(); });
        self->state.awaited = 1;
        from.backups->folder().request_listing(notify_of_sample(self), true);
        return answer;
      },
      [self](sample_taken) {
        if (--self->state.awaited <= 0)
          answer_now(self);
      },
      [self](patience_ended) { answer_now(self); },
  };
}

} // namespace dbengine::actors::workers
