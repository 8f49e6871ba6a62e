// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/backup_scheduler.hpp"

#include "base/fault.hpp"
#include "workers/worker_failure.hpp"

namespace dbengine::actors::workers {

namespace {

template <class Result, class Request>
caf::result<Result> delegate_to_worker(
    backup_scheduler_actor::stateful_pointer<backup_scheduler_state> self,
    const start_backup_worker& start, Request& r) {
  return delegate_or_fail<Result>(
      self,
      [&start] {
        DBENGINE_FAULT_POINT("scheduler.asked");
        return start();
      },
      r);
}

} // namespace

backup_scheduler_actor::behavior_type backup_scheduler(
    backup_scheduler_actor::stateful_pointer<backup_scheduler_state> self,
    std::shared_ptr<engine::backup_service> service, bool periodic, start_backup_worker start,
    std::function<report_actor()> start_report, child_life life) {
  end_by_exceptions(self);
  life.report_ready();
  const auto schedule_next = [self, service] {
    // At least 1 ms: a message that arrives early would find no backup due and repeat at once.
    const auto wait =
        std::chrono::ceil<std::chrono::milliseconds>(service->history().time_until_due());
    self->delayed_send(self, std::max(wait, std::chrono::milliseconds(1)), backup_due{});
  };
  // The backup is due but cannot be made now, for example while a requested one runs.
  const auto retry_later = [self] {
    self->delayed_send(self, defaults::min_backup_interval, backup_due{});
  };
  if (periodic)
    schedule_next();
  return {
      [self, service, start, schedule_next, retry_later](backup_due) {
        if (service->history().time_until_due().count() > 0)
          return schedule_next();
        try {
          self->request(start(), caf::infinite, run_periodic_backup{})
              .then([schedule_next,
                     retry_later](bool made) { made ? schedule_next() : retry_later(); },
                    // counted and logged by the service
                    [schedule_next](const caf::error&) { schedule_next(); });
        } catch (...) { // no thread for a worker: retried as after a failed backup
          retry_later();
        }
      },
      [self, service, start](backup_request& r) -> caf::result<bool> {
        if (service->is_running()) {
          if (const auto& asked = self->current_sender(); asked && r.options.cancel_token != 0)
            service->cancels().remove(asked->id(), r.options.cancel_token);
          return answer_with<bool>(self, [] { return false; });
        }
        return delegate_to_worker<bool>(self, start, r);
      },
      [self, start](backup_to_request& r) -> caf::result<bool> {
        return delegate_to_worker<bool>(self, start, r);
      },
      [self, start](verify_request& r) -> caf::result<verify_report> {
        return delegate_to_worker<verify_report>(self, start, r);
      },
      [self, start](prune_request& r) -> caf::result<prune_report> {
        return delegate_to_worker<prune_report>(self, start, r);
      },
      [self, start_report](backup_info_request& r) -> caf::result<backup_info> {
        return delegate_or_fail<backup_info>(self, start_report, r);
      },
  };
}

} // namespace dbengine::actors::workers
