// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include <dbengine/process.hpp>

#include "os/guarded_mapping.hpp"

#include <sqlite3.h>

namespace dbengine {

bool disable_memory_statistics() noexcept {
  return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK;
}

void install_sigbus_handler() noexcept {
  os::install_sigbus_handler();
}

} // namespace dbengine
