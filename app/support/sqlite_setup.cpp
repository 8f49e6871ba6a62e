// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/sqlite_setup.hpp"

#include <sqlite3.h>

namespace dbengine::app {

void set_up_sqlite() noexcept {
  // A refusal costs speed and nothing else.
  static_cast<void>(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0));
}

} // namespace dbengine::app
