// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/backup_worker.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "workers/worker_failure.hpp"

namespace dbengine::actors::workers {

namespace {

// Runs one request with its deadline and its cancellation, and returns the answer.
template <class Result, class Run>
caf::result<Result> answer(engine::backup_service& service, std::uint64_t sender,
                           const call_options& o, Run run) {
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
  try {
    DBENGINE_FAULT_POINT("backup.begins");
    if (stop.stop_requested())
      throw error(errc::cancelled, "cancelled before it began");
    const auto in_time = engine::bound_progress(deadline, stop);
    return run([&](const backup_progress& p) { return !service.is_closed() && in_time(p); });
  } catch (...) {
    return from_info(base::current_exception_info());
  }
}

} // namespace

backup_worker_actor::behavior_type backup_worker(
    backup_worker_actor::stateful_pointer<backup_worker_state> self,
    std::shared_ptr<engine::backup_service> service,
    std::shared_ptr<progress_listeners> listeners) {
  end_by_exceptions(self);
  const auto sender = [self] {
    self->quit(); // after this one message
    const auto& asked = self->current_sender();
    return asked ? asked->id() : 0;
  };
  return {
      [self, service](run_periodic_backup) -> caf::result<bool> {
        self->quit();
        try {
          DBENGINE_FAULT_POINT("backup.begins");
          return service->run_if_due();
        } catch (...) {
          return from_info(base::current_exception_info());
        }
      },
      [service, sender](const backup_request& r) {
        return answer<bool>(*service, sender(), r.options, [&](const progress_callback& go_on) {
          return service->run(r.options.peer != 0 ? engine::backup_kind::peer
                                                  : engine::backup_kind::requested,
                              go_on);
        });
      },
      [service, listeners, sender](const backup_to_request& r) {
        const auto from = sender();
        const auto channel = listeners->find(from);
        return answer<bool>(*service, from, r.options, [&](const progress_callback& go_on) {
          service->run_to(r.target, [&](const backup_progress& p) {
            return go_on(p) && (!channel || channel->ask(p, [&] { return go_on(p); }));
          });
          return true;
        });
      },
      [service, sender](const verify_request& r) {
        return answer<verify_report>(
            *service, sender(), r.options,
            [&](const progress_callback& go_on) { return verify_backup(r.path, go_on); });
      },
      [service, sender](const prune_request& r) {
        return answer<prune_report>(*service, sender(), r.options, [&](const progress_callback&) {
          return service->prune(r.policy, r.dry_run);
        });
      },
  };
}

} // namespace dbengine::actors::workers
