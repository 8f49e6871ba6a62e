// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The paths of this build's programs, in a separate source file. A path in every object's command
// line would keep working trees of the project from sharing objects by ccache.

#pragma once

#include <string>

namespace dbengine::test {

/// The program `dbengine` of this build.
std::string program_path();
/// Another program of this build, or a library for LD_PRELOAD.
std::string built(const std::string& name);

/// Quotes any text as one word of a shell command: a checkout may be at any path.
std::string shell_word(const std::string& text);

/// Fills a folder, which need not exist, with a CA and certificates (scripts/test-certificates).
/// Returns false on failure.
bool make_certificates(const std::string& folder);

} // namespace dbengine::test
