// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A flaw that is switched on for a scope: a negative control. Thread rule: one at a time in a process.

#pragma once

#include "base/fault.hpp"

namespace dbengine::test {

#ifdef DBENGINE_FAULTS
struct flaw {
  explicit flaw(const char* name) { base::fault::set_mutant(name); }
  ~flaw() { base::fault::set_mutant({}); }
  flaw(const flaw&) = delete;
  flaw& operator=(const flaw&) = delete;
};
#endif

} // namespace dbengine::test
