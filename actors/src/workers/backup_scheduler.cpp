// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/backup_scheduler.hpp"

#include "base/fault.hpp"
#include "workers/worker_failure.hpp"

namespace dbengine::actors::workers {

namespace {

template <class Result, class Request>
caf::result<Result> passed_on(backup_scheduler_actor::stateful_pointer<backup_scheduler_state> self,
                              const start_backup_worker& start, Request& r) {
  try {
    DBENGINE_FAULT_POINT("scheduler.asked");
    return self->delegate(start(), std::move(r));
  } catch (...) {
    return answer_failure(self);
  }
}

} // namespace

backup_scheduler_actor::behavior_type backup_scheduler(
    backup_scheduler_actor::stateful_pointer<backup_scheduler_state> self,
    std::shared_ptr<engine::backup_service> service, bool periodic, start_backup_worker start,
    std::function<report_actor()> start_report) {
  end_by_exceptions(self);
  const auto arm = [self, service] {
    // At least a little: a tick that comes early would find nothing due and ask again at once.
    const auto wait =
        std::chrono::ceil<std::chrono::milliseconds>(service->history().time_until_due());
    self->delayed_send(self, std::max(wait, std::chrono::milliseconds(1)), caf::tick_atom_v);
  };
  // Still due, and not to be made now, e.g. while somebody's own backup runs.
  const auto later = [self] {
    self->delayed_send(self, defaults::min_backup_interval, caf::tick_atom_v);
  };
  if (periodic)
    arm();
  return {
      [self, service, start, arm, later](caf::tick_atom) {
        if (service->history().time_until_due().count() > 0)
          return arm();
        try {
          self->request(start(), caf::infinite, caf::tick_atom_v)
              .then([arm, later](bool made) { made ? arm() : later(); },
                    [arm](const caf::error&) { arm(); }); // counted and logged by the service
        } catch (...) { // no thread for a worker: the next try comes like after a failed backup
          later();
        }
      },
      [self, service, start](backup_request& r) -> caf::result<bool> {
        if (service->is_running()) {
          if (const auto& asked = self->current_sender(); asked && r.options.cancel_token != 0)
            service->cancels().remove(asked->id(), r.options.cancel_token);
          return false;
        }
        return passed_on<bool>(self, start, r);
      },
      [self, start](backup_to_request& r) -> caf::result<bool> {
        return passed_on<bool>(self, start, r);
      },
      [self, start](verify_request& r) -> caf::result<verify_report> {
        return passed_on<verify_report>(self, start, r);
      },
      [self, start](prune_request& r) -> caf::result<prune_report> {
        return passed_on<prune_report>(self, start, r);
      },
      [self, start_report](backup_info_request& r) -> caf::result<backup_info> {
        try {
          return self->delegate(start_report(), std::move(r));
        } catch (...) {
          return answer_failure(self);
        }
      },
  };
}

} // namespace dbengine::actors::workers
