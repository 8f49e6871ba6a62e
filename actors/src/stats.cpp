// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "stats.hpp"

#include "fault.hpp"
#include "report_worker.hpp"
#include "worker_failure.hpp"

namespace dbengine::actors {

stats_actor::behavior_type stats(stats_actor::stateful_pointer<stats_state> self,
                                 std::shared_ptr<detail::engine_core> core,
                                 std::shared_ptr<board> b, std::shared_ptr<backup_service> backups,
                                 std::shared_ptr<background_look> disk) {
  const report_sources from{core, b, backups, disk};
  return {
      [self, from](statistics_request& r) -> caf::result<statistics> {
        try {
          DBENGINE_FAULT_POINT("stats.asked");
          return self->delegate(self->spawn(report_worker, from), std::move(r));
        } catch (...) {
          return answer_failure(self);
        }
      },
      [self, from](health_request& r) -> caf::result<health_report> {
        try {
          return self->delegate(self->spawn(report_worker, from), std::move(r));
        } catch (...) {
          return answer_failure(self);
        }
      },
  };
}

} // namespace dbengine::actors
