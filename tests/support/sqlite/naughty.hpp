// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Texts that have broken programs: as values they must return unchanged, as identifiers they
// must be quoted and nothing else.
// Thread safety: immutable.

#pragma once

#include <string>
#include <vector>

namespace dbengine::test {

/// At least 515 different texts, with NUL bytes and malformed UTF-8 among them.
const std::vector<std::string>& naughty_texts();

} // namespace dbengine::test
