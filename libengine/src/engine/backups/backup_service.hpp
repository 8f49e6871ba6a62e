// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The backups of one engine: one at a time, counted, remembered. Driven by the backup actors and by the facade's threads.
// Thread rule: any thread. Ownership: shares the core; a running job belongs to the thread that runs it.

#pragma once

#include "backup/backup_job.hpp"
#include "backup/backup_schedule.hpp"
#include "engine/background_look.hpp"
#include "engine/engine.hpp"

#include <dbengine/backup.hpp>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace dbengine::engine {

class backup_service : public std::enable_shared_from_this<backup_service> {
public:
  /// Touches no disk. `own_thread`: see `background_look`.
  explicit backup_service(std::shared_ptr<engine> core, bool own_thread = true);

  /// Makes a backup in the engine's directory on this thread, then applies the retention. False at once where one runs, of
  /// this or another process. Throws `error` where it fails: it is counted, and nothing of it is left.
  bool run(bool periodic, const progress_callback& progress = {});
  /// The periodic one, unless the folder holds one that is new enough. False where it was due and could not be made now.
  bool run_where_due();
  /// Removes old backups of this database in the engine's folder.
  prune_report prune(const retention_policy& policy, bool dry_run) const;
  /// One that a peer of a port asked for: in a folder of its own beside the engine's, with a retention of its own, so that it takes the
  /// place of none that was there before. Throws `errc::not_allowed` within `backup_interval` of the last one.
  bool run_for_peer(const progress_callback& progress = {});
  /// A backup with a name of the caller's, compressed where that ends with `.zst`. Throws `errc::busy` where one runs. It counts,
  /// but says nothing of the periodic ones: their schedule, age and last error stay as they are.
  void run_to(const std::filesystem::path& target, const progress_callback& progress);

  bool running() const;
  /// After `close`: what reads a backup meanwhile ends, too.
  bool closed() const;
  /// Looks at the folder on this thread.
  dbengine::backup_info info();
  /// What the last look at the folder found.
  dbengine::backup_info known_info() const;
  /// `done`, from another thread, once the folder was looked at: now, or ever where not `again`.
  void ask_for_folder(std::function<void()> done, bool again);
  /// Waits until it was looked at once, or until then.
  void wait_for_folder(sqlite::clock::time_point until);
  /// Until the next periodic backup is due, as far as is known: at once before the folder was looked at.
  std::chrono::nanoseconds wait() const;
  /// A request with this number came from this sender (an actor's id): until `forget` its token is stopped by `cancel`.
  std::stop_token expect(std::uint64_t sender, std::uint64_t token);
  void cancel(std::uint64_t sender, std::uint64_t token);
  void forget(std::uint64_t sender, std::uint64_t token);
  /// Adds what backups count.
  void add_to(dbengine::statistics& s) const;
  void add_to(health_report& h) const;
  /// What is wrong where the periodic backups are far behind their interval, by a clock that nobody sets; else empty.
  std::string late() const;

  /// No more backups; the running one is cancelled and waited for. False where it has not ended by then (a disk or a progress
  /// callback that stands still). Called from that callback it does not wait: the backup ends when the callback returns.
  bool close(std::chrono::steady_clock::time_point last_moment);

private:
  using clock = sqlite::clock;

  backup::backup_settings settings() const;
  class turn;
  /// Nothing where another process makes one.
  std::optional<backup_file> perform(backup::backup_settings s, const progress_callback& progress);
  void get_ready();
  void look_at_folder();
  std::shared_ptr<background_look> folder_look();
  void check_peers_turn();
  /// What was made stays.
  void remove_old(const std::filesystem::path& folder, const std::string& made) const;
  void succeeded(bool periodic);
  void failed(const error_info& why, bool periodic);

  /// Who the database is. Looked at when it is first asked for: that touches the disk.
  const backup::backup_source& source() const;

  std::shared_ptr<engine> core_;
  mutable std::once_flag source_known_;
  mutable backup::backup_source source_;
  /// Absolute, whatever folder the process goes to later.
  std::filesystem::path folder_;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> identity_;
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  bool busy_ = false;
  std::thread::id maker_; // whose turn it is
  bool closed_ = false;
  backup::backup_job* job_ = nullptr;
  backup::backup_schedule schedule_;
  std::uint64_t made_ = 0;
  std::uint64_t failed_ = 0;
  std::string last_error_;
  std::optional<clock::time_point> last_for_peer_;
  std::optional<wall_time> last_;                            // made, or found in the folder
  sqlite::clock::time_point last_at_ = sqlite::clock::now(); // the same, else the opening
  std::vector<backup_file> files_;                           // of the last look
  std::string unreadable_;
  const bool own_thread_;
  std::shared_ptr<background_look> look_;
  std::atomic<bool> looked_{false};
  std::mutex getting_ready_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::stop_source> stops_;
};

/// Asks `progress`, too, and ends the backup at the deadline (`errc::timeout`) or where somebody stops it.
progress_callback bounded(sqlite::clock::time_point deadline, std::stop_token stop,
                          const progress_callback& progress = {});

} // namespace dbengine::engine
