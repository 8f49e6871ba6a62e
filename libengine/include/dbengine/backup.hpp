// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// Backups: the files, the state of periodic backups, verification, restoring and retention.
/// Thread safety: plain data; the functions may be called from any thread.
/// Cost: the functions block until they are done; they read or write whole files.

#pragma once

#include <dbengine/options.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dbengine {

/// A time of the system's clock, which may be set back or forth. Backups are named by it.
using wall_time = std::chrono::system_clock::time_point;

/// One backup file in a backup folder.
struct backup_file {
  /// Name without folder.
  std::string filename = {};
  /// Folder and name.
  std::filesystem::path path = {};
  /// Size of the file on disk, compressed or not, in bytes.
  std::uint64_t size_bytes = 0;
  /// When the backup began: the time in its file name.
  wall_time time = {};
  /// True if the manifest says that the backup was verified when it was made and the file still has
  /// the size in the manifest.
  bool verified = false;
  /// SHA-256 of the file in hexadecimal; empty without a manifest.
  std::string sha256 = {};
  /// Database pages in the backup, by its manifest; 0 without one.
  std::uint64_t pages = 0;
  /// True if the file is compressed with zstd.
  bool compressed = false;

  friend bool operator==(const backup_file&, const backup_file&) = default;
};

/// Progress of a running backup, in pages.
struct backup_progress {
  /// Pages copied or checked so far.
  std::uint64_t pages_done = 0;
  /// Pages of the database; grows if the database does. 0 until it is known.
  std::uint64_t pages_total = 0;

  friend bool operator==(const backup_progress&, const backup_progress&) = default;
};

/// State of an engine's backups, as `get_backup_info` returns it.
struct backup_info {
  /// `options::backup_enabled`: periodic backups are made.
  bool enabled = false;
  /// `options::backup_interval`.
  std::chrono::milliseconds interval{0};
  /// `options::backup_dir`, absolute.
  std::filesystem::path directory = {};
  /// When the newest verified backup of this database was made, also by an earlier engine. Backups
  /// for peers do not count. nullopt if there is none.
  std::optional<wall_time> last_backup = std::nullopt;
  /// When the next periodic backup begins; nullopt unless `enabled`.
  std::optional<wall_time> next_due = std::nullopt;
  /// Backups that this engine made since it was opened, for peers and by path included.
  std::uint64_t total_backups = 0;
  /// Backups that failed since the engine was opened. Cancelled ones and those
  /// past their deadline do not count.
  std::uint64_t failed_backups = 0;
  /// Why the last backup failed or the folder cannot be read; empty if neither.
  std::string last_error = {};
  /// Progress of the backup that runs now; nullopt if none runs.
  std::optional<backup_progress> running = std::nullopt;
  /// The backups of this database in `directory` and in its folder `peers`, newest first.
  std::vector<backup_file> backup_files = {};

  friend bool operator==(const backup_info&, const backup_info&) = default;
};

/// Result of a verification.
struct verify_report {
  /// True if no problem was found.
  bool ok = false;
  /// What is wrong; empty if `ok`.
  std::vector<std::string> problems = {};
  /// Database pages in the backup; 0 if it could not be read.
  std::uint64_t pages = 0;
  /// SHA-256 of the file as it is on disk, in hexadecimal; empty if it could not be read.
  std::string sha256 = {};
  /// True if a readable manifest is beside the file. Without one only SQLite's own checks are made.
  bool has_manifest = false;

  friend bool operator==(const verify_report&, const verify_report&) = default;
};

/// Bounds on the backups of one database. 0 means no bound; without any bound all backups are kept.
struct retention_policy {
  /// The number of verified backups to keep. Damaged ones do not count, so that they displace no
  /// good one.
  int keep_count = 0;
  /// Maximum age of a backup, by the time in its name.
  std::chrono::seconds max_age{0};
  /// Maximum size of all backups together, in bytes. The first backup that does not fit and all
  /// older ones are removed.
  std::uintmax_t max_bytes = 0;

  friend bool operator==(const retention_policy&, const retention_policy&) = default;
};

/// Result of retention. The lists are sorted newest first.
struct prune_report {
  /// True if another process or thread makes or removes backups in the folder; nothing was read or
  /// removed.
  bool skipped = false;
  /// Backups of the database that stay.
  std::vector<backup_file> kept = {};
  /// Removed backups; in a dry run those that would be removed.
  std::vector<backup_file> removed = {};
  /// Backups to remove that a verification, a restore or an SQLite connection reads. A later run
  /// removes them.
  std::vector<backup_file> in_use = {};

  friend bool operator==(const prune_report&, const prune_report&) = default;
};

/// Called with the progress of a long operation. Return false to cancel it.
using progress_callback = std::function<bool(const backup_progress&)>;

/// Verifies one backup: its manifest if it has one (name, size, SHA-256, pages, unmodified), then
/// `integrity_check` and `foreign_key_check`. The file is opened read-only and nothing is changed.
/// A file that is not a backup is reported as a problem, not thrown.
verify_report verify_backup(const std::filesystem::path& path,
                            const progress_callback& progress = {});

/// Replaces `target` atomically by a verified backup. The new file is complete and synced before it
/// is renamed; the old file is kept until the new one has opened. `force` allows `target` to exist.
///
/// Errors: `errc::backup_failed` if the backup does not verify, `errc::locked` while an engine or
/// another program has the target open. The target is unchanged then.
void restore_backup(const std::filesystem::path& backup, const std::filesystem::path& target,
                    bool force = false, const progress_callback& progress = {});

/// Removes the backups in `folder` that `policy` does not keep, oldest first. Only backups whose
/// manifest names the database of `database_url` (path and folder) are counted or removed. The
/// newest verified backup is always kept. A dry run changes nothing, takes no lock and does not
/// check for readers.
///
/// Errors: `errc::invalid_option` if a bound is negative, `errc::invalid_url`,
/// `errc::backup_failed` if the folder cannot be read or a file cannot be removed.
prune_report prune_backups(const std::filesystem::path& folder, const std::string& database_url,
                           const retention_policy& policy, bool dry_run = false);

} // namespace dbengine
