// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Requests as data, run by the facade.

#pragma once

#include "support/engine/work.hpp"

#include <dbengine/db_engine.hpp>

#include <string>

namespace dbengine::test {

/// The answer as text; a request that fails throws, but for `nested`, whose text has a line of each
/// step.
std::string answer_of(const request_view& db, const work& w);

} // namespace dbengine::test
