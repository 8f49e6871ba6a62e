// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "engine/write/checkpointer.hpp"

namespace dbengine::engine {

/// Returns the write connection to a known state, after a commit that failed and after a raw
/// connection.
///
/// After an I/O error at COMMIT the frames may be in the WAL, and the commit may reappear when the
/// file is opened again. The commit is resolved once that is impossible:
/// 1. If a sync failed, the log's frames are written again.
/// 2. A checkpoint truncates the WAL.
/// 3. If a reader pins the WAL, an empty commit overwrites the failed one's frames.
/// If all of these fail, the fence is raised until a later attempt succeeds.
/// Thread safety: functions of the holder of the writer lock.
class commit_recovery {
public:
  commit_recovery(writer_lock& lock, write_fence& fence, checkpointer& checkpoints,
                  disk_monitor& disk, const database_file& file)
      : lock_(&lock), fence_(&fence), checkpoints_(&checkpoints), disk_(&disk), file_(&file) {}

  /// The error for the sender of a write that failed with `why`: `why` itself, or `errc::fenced`,
  /// outcome `unknown`, if the commit could not be resolved.
  error_info resolve_failed_commit(sqlite::connection& c, error_info why);
  /// Called before a write: resolves a failed commit of an earlier attempt. Throws `errc::fenced`.
  void ensure_writable();
  /// Called after a raw connection, whose changes to the connection are unknown: opens a new one.
  /// Commits of the raw connection are checked and checkpointed like any other.
  void replace_connection();

private:
  writer_lock* lock_;
  write_fence* fence_;
  checkpointer* checkpoints_;
  disk_monitor* disk_;
  const database_file* file_;
};

} // namespace dbengine::engine
