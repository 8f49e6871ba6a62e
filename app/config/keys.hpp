// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The keys of the configuration file: how each is read, checked and written.
#pragma once

#include "config/config.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

namespace dbengine::app {

/// A key with the functions that read and write its value. `set` returns the problem, or an empty
/// text.
struct key_spec {
  const char* section;
  const char* name;
  std::function<std::string(config&, const toml::node&)> set;
  std::function<std::string(const config&)> show;
};

/// All keys except those of [databases], whose names are free; ordered by section.
const std::vector<key_spec>& keys();

/// The text as a TOML string.
std::string toml_string(std::string_view text);

} // namespace dbengine::app
