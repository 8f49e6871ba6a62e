// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The identity of one of an engine's workers.
// Thread safety: plain data.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace dbengine::actors::workers {

enum class worker_role : std::uint8_t {
  writer,
  reader, ///< one of several: its index counts
  maintenance_reader,
  reader_pool,
  stats,
  backup_scheduler
};

struct worker_id {
  worker_role role = worker_role::writer;
  /// The reader's index in the engine's set, from 0; the maintenance reader's is the last one.
  std::size_t index = 0;

  bool operator==(const worker_id&) const = default;
};

/// The name in statistics, health and log. The names are documented: scripts read them.
inline std::string display_name(const worker_id& id) {
  switch (id.role) {
  case worker_role::writer: return "writer";
  case worker_role::reader: return "reader " + std::to_string(id.index + 1);
  case worker_role::maintenance_reader: return "upkeep";
  case worker_role::reader_pool: return "reader pool";
  case worker_role::stats: return "stats";
  case worker_role::backup_scheduler: return "backup scheduler";
  }
  return {};
}

} // namespace dbengine::actors::workers
