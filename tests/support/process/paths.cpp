// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/process/paths.hpp"

#include <cstdlib>

namespace dbengine::test {

std::string program_path() {
  return built("dbengine");
}

std::string built(const std::string& name) {
  return DBENGINE_BIN_DIR "/" + name;
}

std::string shell_word(const std::string& text) {
  std::string out = "'";
  for (const char c : text)
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

bool make_certificates(const std::string& folder) {
  const auto line =
      shell_word(DBENGINE_SOURCE_DIR "/scripts/test-certificates") + " " + shell_word(folder);
  return std::system(line.c_str()) == 0;
}

} // namespace dbengine::test
