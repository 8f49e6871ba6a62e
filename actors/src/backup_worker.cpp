// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup_worker.hpp"

#include "error_map.hpp"

namespace dbengine::actors {

backup_worker_actor::behavior_type backup_worker(
    backup_worker_actor::stateful_pointer<backup_worker_state> self,
    std::shared_ptr<backup_service> service) {
  const auto run = [self, service](bool periodic) -> caf::result<bool> {
    self->quit(); // after this one message
    try {
      return service->run(periodic);
    } catch (...) {
      return from_info(detail::current_exception_info());
    }
  };
  return {
      [run](caf::tick_atom) { return run(true); },
      [run](const backup_request&) { return run(false); },
  };
}

} // namespace dbengine::actors
