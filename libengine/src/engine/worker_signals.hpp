// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include <dbengine/error.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace dbengine::engine {

/// The messages that an engine sends to its workers, as functions.
/// Thread safety: set once by `engine::start`, before any worker runs; then called from any thread.
struct worker_signals {
  std::function<void()> flush_writer;
  std::function<void(std::size_t reader)> flush_reader;
  std::function<void()> schedule_sweep;      ///< in `defaults::lease_idle`
  std::function<void()> schedule_watchdog;   ///< in `defaults::watch_interval`
  std::function<void()> schedule_checkpoint; ///< in `defaults::checkpoint_idle`
  /// A snapshot pins the WAL, which has this many bytes. True if that snapshot is about to be
  /// closed.
  std::function<bool(std::uint64_t wal_bytes)> wal_pinned;
  /// The write connection failed and is closed: the writer must be restarted.
  std::function<void(const error_info&)> writer_failed;
};

} // namespace dbengine::engine
