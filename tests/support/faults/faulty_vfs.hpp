// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// SQLite's own way to the files with errors in it: the n-th write or sync of a write-ahead log
// fails, once or from then on, or now and then one of them.
// Thread safety: `arm…` and `disarm` from any thread. One for the process.

#pragma once

namespace dbengine::test::faulty_vfs {

/// `map`: of a part of the WAL's index, where that must grow beyond its first (4,062 frames).
enum class call { write, sync, map };

/// The name for `file:x.db?vfs=…`. Registers it the first time.
const char* name();
/// The `n`-th call (from 1) on a file that ends in "-wal", or on its index, fails with SQLite's
/// `code`; `lasting`: and each after it.
void arm(call what, int n, int code, bool lasting);
/// Writes and syncs on such files fail with an I/O error: after `every` to `2 * every` good ones, 1
/// to `most` in a row.
void arm_now_and_then(unsigned seed, int every, int most);
/// The `n`-th sync (from 1) on such a file fails, and from there on every write and sync, as on a
/// disk that is gone.
void arm_gone(int n);
/// No errors from now on. Returns how many calls failed.
int disarm();

} // namespace dbengine::test::faulty_vfs
