// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// SQLite's default VFS with errors in it: the n-th write or sync of a write-ahead log fails, once,
// from then on, or at random.
// Thread safety: `arm…` and `disarm` from any thread. One instance for the process.

#pragma once

namespace dbengine::test::faulty_vfs {

/// `map`: maps a part of the WAL's index when it must grow beyond its first part (4,062 frames).
enum class call { write, sync, map };

/// The name for `file:x.db?vfs=…`. The first call registers the VFS.
const char* name();
/// The `n`-th call (from 1) on a file that ends in "-wal", or on its index, fails with SQLite's
/// `code`; if `lasting`, each later call fails, too.
void arm(call what, int n, int code, bool lasting);
/// Writes and syncs of such files fail with an I/O error: after `every` to `2 * every` good calls,
/// 1 to `most` in a row.
void arm_now_and_then(unsigned seed, int every, int most);
/// The `n`-th sync (from 1) of such a file fails, and so does every later write and sync, as if the
/// disk were gone.
void arm_gone(int n);
/// Ends all errors. Returns how many calls failed.
int disarm();

} // namespace dbengine::test::faulty_vfs
