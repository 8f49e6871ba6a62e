// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Detection of open descriptors of a file that hold no lock on it.
// Thread safety: any thread.

#pragma once

namespace dbengine::os {

/// True if the regular file that is open as `fd` is open a second time, in this or another process.
/// For the owner of the file and the superuser the kernel decides: it grants a write lease
/// (fcntl(2), F_SETLEASE) only to the single open descriptor. For other users, and on file systems
/// without leases (NFS, FUSE), only the descriptors that /proc shows are found.
///
/// The lease is released at once; an open of the file at that moment waits for the release. The
/// signal that announces the open is SIGURG, which is ignored by default: SIGIO, the usual one,
/// ends a process.
bool is_open_elsewhere(int fd);

} // namespace dbengine::os
