// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The server: databases, their ports, the HTTP pages, signals, the service manager.
#pragma once

#include "cli/context.hpp"

namespace dbengine::app::serve {

/// Serves until SIGTERM or SIGINT, then drains. Returns the exit code.
/// Errors: those of opening and listening; then everything is closed again.
int run(context& c);

} // namespace dbengine::app::serve
