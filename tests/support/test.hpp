// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// CAF's test framework for suites: CAF_TEST, CAF_CHECK*, fixtures, expect/allow/disallow/inject.
// Include this header last: those four names and `_` break other headers. The build defines the
// suite's name.
#pragma once

#include "support/skip.hpp"

#ifndef CAF_SUITE
#error "the build defines CAF_SUITE for each file in tests/<area>/"
#endif

// dsl.hpp of CAF 0.17.6 uses FAIL without defining it.
#ifndef FAIL
#define FAIL CAF_FAIL
#endif

#include <caf/test/dsl.hpp>
