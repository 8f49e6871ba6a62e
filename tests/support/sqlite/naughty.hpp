// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Texts that have broken programs. As values they must be returned unchanged; as identifiers they
// must work once quoted.
// Thread safety: immutable.

#pragma once

#include <string>
#include <vector>

namespace dbengine::test {

/// At least 515 different texts, including NUL bytes and malformed UTF-8.
const std::vector<std::string>& naughty_texts();

} // namespace dbengine::test
