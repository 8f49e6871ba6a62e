// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "stats.hpp"

#include "error_map.hpp"
#include "reports.hpp"

namespace dbengine::actors {

stats_actor::behavior_type stats(stats_actor::stateful_pointer<stats_state> self,
                                 std::shared_ptr<detail::engine_core> core,
                                 std::shared_ptr<board> b,
                                 std::shared_ptr<backup_service> backups) {
  static_cast<void>(self);
  return {
      [core, b, backups](const statistics_request&) -> caf::result<statistics> {
        return report_statistics(*core, *b, *backups);
      },
      [core, b, backups](const health_request&) -> caf::result<health_report> {
        return report_health(*core, *b, *backups);
      },
      [core](const database_info_request&) -> caf::result<database_info> {
        try {
          auto c = core->open_reader();
          return report_database(*core, *c);
        } catch (...) {
          return from_info(detail::current_exception_info());
        }
      },
  };
}

} // namespace dbengine::actors
