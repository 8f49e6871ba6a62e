// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Parameters of a statement from the command line.
#pragma once

#include <dbengine/params.hpp>

#include <string>
#include <vector>

namespace dbengine::app {

/// `NAME=VALUE` is text, `NAME:=JSON` a null, number, string, boolean or a `{"$blob": …}`. A number for a name is a position
/// (`?1`): all are numbers then, without gaps. Throws `usage_error`.
params parse_parameters(const std::vector<std::string>& given);

} // namespace dbengine::app
