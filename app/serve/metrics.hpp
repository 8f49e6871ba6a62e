// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The figures of served databases as Prometheus metrics.
#pragma once

#include "serve/database.hpp"

#include <string>
#include <vector>

namespace dbengine::app::serve {

/// A database and what it told; nothing where it did not answer.
struct looked {
  std::string name = {};
  /// Where it is published, empty for nowhere.
  std::string where = {};
  std::optional<snapshot> what = std::nullopt;
  /// Why it did not answer.
  std::string failure = {};
};

/// The text format 0.0.4: every family once, with HELP and TYPE, each sample labelled with its database.
std::string metrics_text(const std::vector<looked>& databases);

} // namespace dbengine::app::serve
