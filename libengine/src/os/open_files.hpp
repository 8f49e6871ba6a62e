// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Who has a file open without a lock on it.
// Thread rule: any thread.

#pragma once

namespace dbengine::os {

/// Whether the regular file that is open as `fd` is open a second time, in this process or another. For the owner of the file and
/// the superuser the kernel itself says so: it grants a write lease (fcntl(2), F_SETLEASE) to the only one who has it open. For
/// others, and on file systems without leases (NFS, FUSE), all that is seen is what /proc shows of the processes that this one may
/// look into.
///
/// The lease is given back at once. Who opens the file in that moment waits for that long; the signal that tells of it is SIGURG,
/// which does nothing unless the host wants it: SIGIO, the usual one, ends a process.
bool is_open_elsewhere(int fd);

} // namespace dbengine::os
