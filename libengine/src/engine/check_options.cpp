// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/check_options.hpp"

#include "sqlite/functions/user_functions.hpp"

#include <dbengine/defaults.hpp>

#include <limits>

namespace dbengine::engine {

void check_options(const options& o) {
  const auto refuse = [](std::string text) { throw error(errc::invalid_option, std::move(text)); };
  if (o.num_workers < 1 || o.num_workers > defaults::max_num_workers)
    refuse("num_workers is " + std::to_string(o.num_workers) + ", must be 1 to " +
           std::to_string(defaults::max_num_workers));
  if (o.max_leases > 1024)
    refuse("max_leases is " + std::to_string(o.max_leases) + ", must be at most 1024");
  // SQLite counts the cache in KiB, as an int.
  if (constexpr std::size_t most = std::numeric_limits<int>::max(); o.cache_size / 1024 > most)
    refuse("cache_size is " + std::to_string(o.cache_size) + " bytes, must be at most " +
           std::to_string(most * 1024));
  if (o.backup_interval < defaults::min_backup_interval)
    refuse("backup_interval is " + std::to_string(o.backup_interval.count()) +
           " ms, must be at least 1 s");
  if (o.backup_cleanup_keep_count < 1)
    refuse("backup_cleanup_keep_count is " + std::to_string(o.backup_cleanup_keep_count) +
           ", must be at least 1");
  if (o.backup_pages_per_step < 1)
    refuse("backup_pages_per_step must be at least 1");
  if (o.backup_cleanup_max_age.count() < 0)
    refuse("backup_cleanup_max_age is negative");
  if (o.busy_timeout.count() < 0 || o.backup_pause.count() < 0 || o.shutdown_timeout.count() < 0)
    refuse("busy_timeout, backup_pause and shutdown_timeout must not be negative");
  if (o.request_timeout.count() <= 0)
    refuse("request_timeout is " + std::to_string(o.request_timeout.count()) +
           " ms, must be above 0");
  if (o.max_queue == 0 || o.max_queue_bytes == 0)
    refuse("max_queue and max_queue_bytes must be above 0");
  // These are added to time points, which must not overflow.
  constexpr auto most = std::chrono::hours(24 * 365 * 100);
  if (o.backup_interval > most || o.backup_pause > most || o.backup_cleanup_max_age > most)
    refuse("backup_interval, backup_pause and backup_cleanup_max_age must be at most 100 years");
  if (o.synchronous > synchronous::full)
    refuse("synchronous must be off, normal or full");
  if (o.temp_store > temp_store::memory)
    refuse("temp_store must be file or memory");
  sqlite::check_user_functions(o);
}

} // namespace dbengine::engine
