// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The facade's backups. TODO: driven by the backup scheduler, which comes with the next commits.

#include "local_backend.hpp"

namespace dbengine::actors {

bool local_backend::request_backup(const request_options&) {
  throw error(errc::unavailable, "backups are not built in yet");
}

void local_backend::backup_to(const std::filesystem::path&, const progress_callback&,
                              const request_options&) {
  throw error(errc::unavailable, "backups are not built in yet");
}

dbengine::backup_info local_backend::backup_info() {
  throw error(errc::unavailable, "backups are not built in yet");
}

} // namespace dbengine::actors
