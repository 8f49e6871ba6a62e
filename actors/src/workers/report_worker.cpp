// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/report_worker.hpp"

#include "base/retry_on_bad_alloc.hpp"
#include "workers/reports.hpp"
#include "workers/worker_failure.hpp"

#include <caf/send.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>

namespace dbengine::actors::workers {

namespace {

using self_pointer = report_actor::stateful_pointer<report_state>;

// For the thread that takes a sample: it may finish after the actor has ended.
std::function<void()> notify_of_sample(self_pointer self) {
  return [me = caf::actor_addr(self->address())] {
    if (const auto strong = caf::actor_cast<caf::strong_actor_ptr>(me))
      base::try_with_retries(
          [&] { caf::anon_send(caf::actor_cast<report_actor>(strong), sample_taken{}); });
  };
}

void answer_now(self_pointer self) {
  if (const auto answer = std::exchange(self->state.answer, nullptr))
    answer();
}

// Answers the request with `make()` when `answer_now` is called; `start` asks for the samples.
// Allocations precede the promise. Once the promise has taken the request from its message, an
// exception would leave the sender without an answer; before, the exception is the answer. If
// `start` fails, the last samples are the answer.
template <class Result, class Make, class Start>
caf::result<Result> answer_later(self_pointer self, Make make, const Start& start) {
  try {
    const auto promise = std::make_shared<caf::typed_response_promise<Result>>();
    std::function<void()> answer = [self, promise, make = std::move(make)] {
      base::try_with_retries([&] { deliver<Result>(self, *promise, result_of<Result>(make)); });
      self->quit();
    };
    *promise = self->template make_response_promise<Result>();
    self->state.answer = std::move(answer);
  } catch (...) {
    self->quit();
    const auto why = base::retry_on_bad_alloc([self] { return answer_failure(self); });
    return deliver<Result>(self, self->template make_response_promise<Result>(), why);
  }
  try {
    start();
  } catch (...) {
    answer_now(self);
  }
  return caf::delegated<Result>();
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
  // Without the folder there is nothing to report: the sender decides how long to wait.
  const auto request_listing = [self, from] {
    self->state.awaited = 1;
    from.backups->folder().request_listing(notify_of_sample(self), true);
  };
  return {
      [self, from, request_samples](const statistics_request&) {
        return answer_later<statistics>(
            self, [from] { return report_statistics(*from.core, *from.workers, *from.backups); },
            request_samples);
      },
      [self, from, request_samples](const health_request&) {
        return answer_later<health_report>(
            self,
            [from] {
              return report_health(*from.core, *from.workers, *from.backups,
                                   from.disk->running_for());
            },
            request_samples);
      },
      [self, from, request_listing](const backup_info_request&) {
        return answer_later<backup_info>(
            self, [from] { return from.backups->last_info(); }, request_listing);
      },
      [self](sample_taken) {
        if (--self->state.awaited <= 0)
          answer_now(self);
      },
      [self](patience_ended) { answer_now(self); },
  };
}

} // namespace dbengine::actors::workers
