// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The fuzz target `config`: configuration files.

#include "config/config.hpp"

#include "cli/exit_code.hpp"

#include "target.hpp"

namespace dbengine::fuzz {

namespace {

// Each line is a place in the file and the mistake there.
void check_places(const std::string& message) {
  require(message.starts_with("f.toml:"), "a mistake is told with its place: " + message);
}

} // namespace

void config(std::string_view input) {
  app::config read;
  try {
    read = app::parse_config(std::string(input), "f.toml");
  } catch (const app::config_error& e) {
    check_places(e.what());
    return;
  }
  auto text = app::to_toml(read);
  if (is_mutant("config")) // the mutant: line breaks in texts are not escaped
    for (std::size_t at = 0; (at = text.find("\\u000a", at)) != text.npos;)
      text.replace(at, 6, "\n");
  app::config again;
  try {
    again = app::parse_config(text, "g.toml");
  } catch (const app::config_error& e) {
    throw broken(std::string("what was read can be written and read: ") + e.what());
  }
  const auto differing = app::differing_keys(read, again);
  require(differing.empty(), "a configuration is the same after writing and reading" +
                                 (differing.empty() ? "" : ": " + differing.front()));
  require(app::to_toml(again) == text, "a configuration is written the same twice");
}

} // namespace dbengine::fuzz

DBENGINE_FUZZ_TARGET(config)
