// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Statement parameters from the command line.
#pragma once

#include <dbengine/params.hpp>

#include <string>
#include <vector>

namespace dbengine::app {

/// `NAME=VALUE` is text, `NAME:=JSON` a null, number, string, boolean or a `{"$blob": …}`. If a
/// name is a number, it is a position (`?1`); then all names are numbers without gaps.
/// Errors: `usage_error`.
params parse_parameters(const std::vector<std::string>& given);

} // namespace dbengine::app
