// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// CAF's test framework as suites use it: CAF_TEST, CAF_CHECK*, fixtures,
// expect/allow/disallow/inject. Include it last: those four and `_` are names that break other
// headers. The suite's name comes from the build.
#pragma once

#include "support/skip.hpp"

#ifndef CAF_SUITE
#error "the build defines CAF_SUITE for each file in tests/<area>/"
#endif

// dsl.hpp of CAF 0.17.6 uses a FAIL that it does not define.
#ifndef FAIL
#define FAIL CAF_FAIL
#endif

#include <caf/test/dsl.hpp>
