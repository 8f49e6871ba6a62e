// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Statistics of the served databases as Prometheus metrics.
#pragma once

#include "serve/database.hpp"

#include <string>
#include <vector>

namespace dbengine::app::serve {

/// A database and its snapshot; the snapshot is empty if the database did not respond.
struct snapshot_result {
  std::string name = {};
  /// The address of its port; empty if it is not published.
  std::string where = {};
  std::optional<snapshot> what = std::nullopt;
  /// The reason why it did not respond.
  std::string failure = {};
};

/// The text format 0.0.4: every family once, with HELP and TYPE; each sample has a label with its
/// database.
std::string metrics_text(const std::vector<snapshot_result>& databases);

} // namespace dbengine::app::serve
