// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The backups of one engine: one at a time, counted, remembered. Driven by the backup actors and by the facade's threads.
// Thread rule: any thread. Ownership: shares the core; a running job belongs to the thread that runs it.

#pragma once

#include "backup_job.hpp"
#include "backup_schedule.hpp"
#include "engine_core.hpp"

#include <dbengine/backup.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

namespace dbengine::actors {

class backup_service {
public:
  explicit backup_service(std::shared_ptr<detail::engine_core> core);

  /// Makes a backup in the engine's directory on this thread, then applies the retention. False at once where one runs, of
  /// this or another process. Throws `error` where it fails: it is counted, and nothing of it is left.
  bool run(bool periodic, const progress_callback& progress = {});
  /// A backup with a name of the caller's. Throws `errc::busy` where one runs.
  void run_to(const std::filesystem::path& target, const progress_callback& progress);

  bool running() const;
  dbengine::backup_info info() const;
  /// Until the next periodic backup is due.
  std::chrono::nanoseconds wait() const;
  /// Adds what backups count.
  void add_to(dbengine::statistics& s) const;
  void add_to(health_report& h) const;

  /// No more backups; the running one is cancelled and waited for.
  void close();

private:
  detail::backup_settings settings() const;
  bool begin();
  void end(const std::optional<error_info>& failure, bool periodic, bool counts);
  bool perform(detail::backup_settings s, const progress_callback& progress);

  std::shared_ptr<detail::engine_core> core_;
  std::string source_;
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  bool busy_ = false;
  bool closed_ = false;
  detail::backup_job* job_ = nullptr;
  detail::backup_schedule schedule_;
  std::uint64_t made_ = 0;
  std::uint64_t failed_ = 0;
  std::string last_error_;
  std::optional<wall_time> last_;
};

} // namespace dbengine::actors
