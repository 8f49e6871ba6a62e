// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "paths.hpp"

namespace dbengine::test {

std::string program_path() {
  return DBENGINE_BIN_DIR "/dbengine";
}

} // namespace dbengine::test
