// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/backup_worker.hpp"

#include "base/fault.hpp"
#include "workers/worker_failure.hpp"

namespace dbengine::actors::workers {

namespace {

using self_pointer = backup_worker_actor::stateful_pointer<backup_worker_state>;

std::uint64_t sender_of(self_pointer self) {
  const auto& asked = self->current_sender();
  return asked ? asked->id() : 0;
}

// Runs one request with its deadline and its cancellation, answers it, and ends the actor.
template <class Result, class Run>
caf::result<Result> answer(self_pointer self, engine::backup_service& service,
                           const call_options& o, Run run) {
  self->quit(); // after this one message
  const auto sender = sender_of(self);
  const auto deadline =
      o.timeout.count() > 0 ? sqlite::deadline_after(o.timeout) : sqlite::clock::time_point::max();
  const auto stop = o.cancel_token != 0
                        ? service.cancels().find_or_add(sender, o.cancel_token).get_token()
                        : std::stop_token();
  const struct forget_at_the_end {
    engine::backup_service& service;
    std::uint64_t sender, token;
    ~forget_at_the_end() {
      if (token != 0)
        service.cancels().remove(sender, token);
    }
  } forget{service, sender, o.cancel_token};
  return answer_with<Result>(self, [&] {
    DBENGINE_FAULT_POINT("backup.begins");
    if (stop.stop_requested())
      throw error(errc::cancelled, "cancelled before it began");
    const auto in_time = engine::bound_progress(deadline, stop);
    return run([&](const backup_progress& p) { return !service.is_closed() && in_time(p); });
  });
}

} // namespace

backup_worker_actor::behavior_type backup_worker(self_pointer self,
                                                 std::shared_ptr<engine::backup_service> service,
                                                 std::shared_ptr<progress_listeners> listeners) {
  end_by_exceptions(self);
  return {
      [self, service](run_periodic_backup) {
        self->quit();
        return answer_with<bool>(self, [&] {
          DBENGINE_FAULT_POINT("backup.begins");
          return service->run_if_due();
        });
      },
      [self, service](const backup_request& r) {
        return answer<bool>(self, *service, r.options, [&](const progress_callback& go_on) {
          return service->run(r.options.peer != 0 ? engine::backup_kind::peer
                                                  : engine::backup_kind::requested,
                              go_on);
        });
      },
      [self, service, listeners](const backup_to_request& r) {
        const auto channel = listeners->find(sender_of(self));
        return answer<bool>(self, *service, r.options, [&](const progress_callback& go_on) {
          service->run_to(r.target, [&](const backup_progress& p) {
            return go_on(p) && (!channel || channel->ask(p, [&] { return go_on(p); }));
          });
          return true;
        });
      },
      [self, service](const verify_request& r) {
        return answer<verify_report>(
            self, *service, r.options,
            [&](const progress_callback& go_on) { return verify_backup(r.path, go_on); });
      },
      [self, service](const prune_request& r) {
        return answer<prune_report>(self, *service, r.options, [&](const progress_callback&) {
          return service->prune(r.policy, r.dry_run);
        });
      },
  };
}

} // namespace dbengine::actors::workers
