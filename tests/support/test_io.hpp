// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// test.hpp with CAF's fixtures for two nodes in one process (point_to_point_fixture). Include it
// last.
#pragma once

#include "support/test.hpp"

#include <caf/test/io_dsl.hpp>
