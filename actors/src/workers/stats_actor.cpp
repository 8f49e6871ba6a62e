// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/stats_actor.hpp"

#include "base/fault.hpp"
#include "workers/worker_failure.hpp"

#include <utility>

namespace dbengine::actors::workers {

stats_actor::behavior_type stats(stats_actor::stateful_pointer<stats_state> self,
                                 start_report_worker start, child_life life) {
  end_by_exceptions(self);
  life.report_ready();
  return {
      [self, start](statistics_request& r) -> caf::result<statistics> {
        return delegate_or_fail<statistics>(
            self,
            [&start] {
              DBENGINE_FAULT_POINT("stats.asked");
              return start();
            },
            r);
      },
      [self, start](health_request& r) -> caf::result<health_report> {
        return delegate_or_fail<health_report>(self, start, r);
      },
  };
}

} // namespace dbengine::actors::workers
