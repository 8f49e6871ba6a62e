// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include <dbengine/options.hpp>

namespace dbengine::engine {

/// Throws `errc::invalid_option` with the value and its bounds.
void check_options(const options& o);

} // namespace dbengine::engine
