// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Backups: what there is, how the last ones went, verification and restoring.
// Thread rule: plain data; the functions may be called from any thread and block until done.

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

using wall_time = std::chrono::system_clock::time_point;

/// One backup of a directory.
struct backup_file {
  std::string filename = {};
  std::filesystem::path path = {};
  /// Of the file as it lies there (compressed or not).
  std::uint64_t size_bytes = 0;
  /// The time in its name: when the backup began.
  wall_time time = {};
  /// It was verified when it was made, by its manifest, and has its manifest's size still.
  bool verified = false;
  /// SHA-256 of the file in hexadecimal, empty without a manifest.
  std::string sha256 = {};
  std::uint64_t pages = 0;
  bool compressed = false;

  friend bool operator==(const backup_file&, const backup_file&) = default;
};

/// How far a running backup is.
struct backup_progress {
  std::uint64_t pages_done = 0;
  std::uint64_t pages_total = 0;

  friend bool operator==(const backup_progress&, const backup_progress&) = default;
};

/// Of `get_backup_info`.
struct backup_info {
  bool enabled = false;
  std::chrono::milliseconds interval{0};
  std::filesystem::path directory = {};
  std::optional<wall_time> last_backup = std::nullopt;
  std::optional<wall_time> next_due = std::nullopt;
  /// Made by this engine since it opened.
  std::uint64_t total_backups = 0;
  std::uint64_t failed_backups = 0;
  /// Why the last one failed, or why the folder cannot be read; empty where all is well.
  std::string last_error = {};
  std::optional<backup_progress> running = std::nullopt;
  /// Newest first.
  std::vector<backup_file> backup_files = {};

  friend bool operator==(const backup_info&, const backup_info&) = default;
};

/// What a verification found.
struct verify_report {
  bool ok = false;
  /// What is wrong, empty where it is ok.
  std::vector<std::string> problems = {};
  std::uint64_t pages = 0;
  std::string sha256 = {};
  bool has_manifest = false;

  friend bool operator==(const verify_report&, const verify_report&) = default;
};

/// What bounds the backups of one database. A bound of 0 is none; without any bound all stay.
struct retention_policy {
  /// How many verified ones stay. Damaged ones are not counted, so that they push no good one out.
  int keep_count = 0;
  /// How old the others may become, by the time in the name.
  std::chrono::seconds max_age{0};
  /// How large all together may be; from the first that does not fit on, all older ones go.
  std::uintmax_t max_bytes = 0;

  friend bool operator==(const retention_policy&, const retention_policy&) = default;
};

/// What retention did, or would do. All newest first.
struct prune_report {
  /// Somebody makes or removes backups there right now: nothing was looked at or done.
  bool skipped = false;
  std::vector<backup_file> kept = {};
  /// In a dry run: what would be removed.
  std::vector<backup_file> removed = {};
  /// To be removed, but being read (a verification, a restore, an open SQLite connection). They go another time.
  std::vector<backup_file> in_use = {};

  friend bool operator==(const prune_report&, const prune_report&) = default;
};

/// Return false to cancel.
using progress_callback = std::function<bool(const backup_progress&)>;

/// Opens a backup read-only, checks its manifest (name, size, SHA-256, pages, and that nobody changed it) where it has one, `integrity_check` and
/// `foreign_key_check`. A file that is no backup gives a report with its problem; nothing is changed.
verify_report verify_backup(const std::filesystem::path& path,
                            const progress_callback& progress = {});

/// Puts a verified backup in the place of `target`, atomically: the new file is complete and synced before it
/// takes the name; the old one is kept beside it until the new one has opened. Throws `errc::backup_failed`
/// where the backup does not verify, `errc::locked` while an engine or another program has the target open, and leaves the
/// target as it was. `force` replaces an existing target.
void restore_backup(const std::filesystem::path& backup, const std::filesystem::path& target,
                    bool force = false, const progress_callback& progress = {});

/// Removes the backups in `folder` that `policy` does not keep, oldest first. Only those whose manifest names the
/// database of `database_url`, path and folder, are counted or removed; the newest verified one always stays. A dry run changes nothing,
/// takes no lock and does not look who reads. Throws `errc::invalid_option` where a bound is negative,
/// `errc::invalid_url`, `errc::backup_failed` where the folder cannot be read or a file not be removed.
prune_report prune_backups(const std::filesystem::path& folder, const std::string& database_url,
                           const retention_policy& policy, bool dry_run = false);

} // namespace dbengine
