// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Switches a mutant on for a scope, as a negative control.
// Thread safety: one at a time in a process.

#pragma once

#include "base/fault.hpp"

namespace dbengine::test {

#ifdef DBENGINE_FAULTS
struct mutant {
  explicit mutant(const char* name) { base::fault::set_mutant(name); }
  ~mutant() { base::fault::set_mutant({}); }
  mutant(const mutant&) = delete;
  mutant& operator=(const mutant&) = delete;
};
#endif

} // namespace dbengine::test
