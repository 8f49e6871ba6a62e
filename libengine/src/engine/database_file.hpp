// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "connection/connection.hpp"
#include "os/descriptor_claim.hpp"
#include "os/file_lock.hpp"
#include "os/pinned_file.hpp"

#include <dbengine/options.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace dbengine::engine {

/// The database of an engine: its location, its locks, and how connections to it are opened.
/// Thread safety: any thread. `open` runs before any other thread has the object, `release` after
/// the last connection of the writer is closed.
/// Ownership: the lock of the file, or the shared lock of a reading engine, and the claim on
/// descriptors.
class database_file {
public:
  /// Resolves the URL. Accesses no file.
  database_file(std::string_view url, std::shared_ptr<const options> o);

  /// Takes the lock and opens a first connection, so that the reason of a failure reaches the
  /// caller. Returns the write connection, null for a reading engine. Throws `error` and removes
  /// the files that it created.
  std::unique_ptr<sqlite::connection> open();
  std::unique_ptr<sqlite::connection> open_reader() const;
  std::unique_ptr<sqlite::connection> open_writer() const;
  /// A reader has opened its connection: its share of the claim on descriptors ends.
  void reader_opened() noexcept;
  /// The opening failed after `open`: `release` removes the file if it is empty.
  void undo_opening() noexcept { undone_.store(true); }
  /// Releases the locks and removes files without content.
  void release() noexcept;

  const sqlite::location& location() const noexcept { return location_; }
  bool read_only() const noexcept { return read_only_; }
  /// The size of the write-ahead log by `stat`, which may wait for the disk.
  std::uint64_t wal_bytes() const;

private:
  void open_to_read();
  std::unique_ptr<sqlite::connection> open_to_write();
  std::unique_ptr<sqlite::connection> open_first_writer() const;
  void remove_unused() noexcept;

  std::shared_ptr<const options> options_;
  sqlite::location location_;
  const bool read_only_;
  std::optional<os::descriptor_claim> claim_; // only for a file
  os::file_lock lock_;
  bool created_ = false;
  std::atomic<bool> undone_{false};
  os::pinned_file
      read_lock_; // of a reading engine: a shared flock, so that no restore replaces the file
  /// For a reading engine of a backup: its open transaction prevents retention and restores.
  std::unique_ptr<sqlite::connection> backup_pin_;
  std::shared_ptr<const void> memory_; // keeps a memory database while no connection is open
};

} // namespace dbengine::engine
