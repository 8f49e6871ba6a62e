// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Runs requests as data by the facade.

#pragma once

#include "support/engine/work.hpp"

#include <dbengine/db_engine.hpp>

#include <string>

namespace dbengine::test {

/// Returns the answer as text. A failed request throws, except `nested`, whose text has a line for
/// each step.
std::string answer_of(const request_view& db, const work& w);

} // namespace dbengine::test
