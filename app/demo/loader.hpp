// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Threads that load package records through one engine.
#pragma once

#include "demo/package_index.hpp"
#include "support/bounded_queue.hpp"
#include "ui/progress.hpp"

#include <dbengine/db_engine.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

namespace dbengine::app::demo {

/// The data read from the index: the expected content of the tables.
struct totals {
  std::uint64_t packages = 0;
  std::uint64_t dependencies = 0;
  std::uint64_t provides = 0;
  std::unordered_set<std::string> names = {};
  std::unordered_set<std::string> sections = {};
  std::unordered_set<std::string> maintainers = {};

  void add(const package_record& r);
};

/// The work of one loader.
struct load_result {
  std::uint64_t packages = 0;
  std::uint64_t statements = 0;
  /// The time of each transaction, from the call to the answer.
  std::vector<std::chrono::nanoseconds> transactions = {};
  /// Batches whose last package was not found by a read right after the commit: must stay 0.
  std::uint64_t unread_writes = 0;
};

using batch = std::vector<package_record>;
using batch_queue = bounded_queue<batch>;

/// Takes batches until the queue is closed and loads each in one transaction. After each commit it
/// reads its own write.
/// Errors: those of the engine.
load_result load(const request_view& db, batch_queue& batches, ui::progress& bar);

} // namespace dbengine::app::demo
