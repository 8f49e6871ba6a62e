// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "stats.hpp"

#include "fault.hpp"
#include "reports.hpp"
#include "worker_failure.hpp"

namespace dbengine::actors {

stats_actor::behavior_type stats(stats_actor::stateful_pointer<stats_state> self,
                                 std::shared_ptr<detail::engine_core> core,
                                 std::shared_ptr<board> b,
                                 std::shared_ptr<backup_service> backups) {
  return {
      [self, core, b, backups](const statistics_request&) -> caf::result<statistics> {
        try {
          DBENGINE_FAULT_POINT("stats.asked");
          return report_statistics(*core, *b, *backups);
        } catch (...) {
          return answer_failure(self);
        }
      },
      [self, core, b, backups](const health_request&) -> caf::result<health_report> {
        try {
          return report_health(*core, *b, *backups);
        } catch (...) {
          return answer_failure(self);
        }
      },
      [self, core](const database_info_request&) -> caf::result<database_info> {
        try {
          auto c = core->open_reader();
          return report_database(*core, *c);
        } catch (...) {
          return answer_failure(self);
        }
      },
  };
}

} // namespace dbengine::actors
