// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

namespace dbengine {

/// The engine's version, equal to the project's version in CMakeLists.txt (a test compares them).
inline constexpr const char* version = "0.1.0";

} // namespace dbengine
