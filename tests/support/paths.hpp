// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Where this build's programs lie. In one source of its own: a path in the command line of every object would keep working
// trees of the project from sharing them by ccache.

#pragma once

#include <string>

namespace dbengine::test {

/// The program `dbengine` of this build.
std::string program_path();

} // namespace dbengine::test
