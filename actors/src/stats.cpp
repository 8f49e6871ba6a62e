// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "stats.hpp"

#include "error_map.hpp"
#include "fault.hpp"
#include "reports.hpp"

namespace dbengine::actors {

namespace {

// The request is answered; what was no error of the engine is the actor's failure, and the supervisor starts another.
caf::error failed(stats_actor::stateful_pointer<stats_state> self) {
  auto info = detail::current_exception_info();
  if (info.code == errc::internal) {
    info.code = errc::unavailable;
    self->quit(from_info(info));
  }
  return from_info(info);
}

} // namespace

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
          return failed(self);
        }
      },
      [self, core, b, backups](const health_request&) -> caf::result<health_report> {
        try {
          return report_health(*core, *b, *backups);
        } catch (...) {
          return failed(self);
        }
      },
      [self, core](const database_info_request&) -> caf::result<database_info> {
        try {
          auto c = core->open_reader();
          return report_database(*core, *c);
        } catch (...) {
          return failed(self);
        }
      },
  };
}

} // namespace dbengine::actors
