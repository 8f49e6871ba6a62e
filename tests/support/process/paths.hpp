// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Where this build's programs lie. In one source of its own: a path in the command line of every
// object would keep working trees of the project from sharing them by ccache.

#pragma once

#include <string>

namespace dbengine::test {

/// The program `dbengine` of this build.
std::string program_path();
/// Another program of this build, or what it puts in front of one.
std::string built(const std::string& name);

/// One word of a shell's line, whatever is in it: a checkout may lie anywhere.
std::string shell_word(const std::string& text);

/// Fills a folder, which need not exist, with a CA and certificates (scripts/test-certificates).
/// False if that failed.
bool make_certificates(const std::string& folder);

} // namespace dbengine::test
