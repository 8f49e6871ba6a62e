// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Operations on open files, and errors of system calls.
// Thread safety: any thread.

#pragma once

#include <dbengine/error.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace dbengine::os {

/// Throws the `error` of an `errno`: `disk_full`, `io` or else `fallback`. The message is
/// "<what>: <reason>".
[[noreturn]] void throw_errno(int number, const std::string& what,
                              errc fallback = errc::backup_failed);

/// Size of an open file in bytes.
std::uint64_t file_size(int fd);
/// Writes the content and the length of a file to the disk.
void sync_file(int fd, const std::string& name);
/// Takes a lock on the open file (`flock`) without waiting. Returns false if another holder has it.
bool try_lock(int fd, bool exclusive);
/// True if an SQLite connection, of this or another process, has a lock on the open database file.
bool locked_by_sqlite(int fd);

/// Throws if a path contains a NUL: the system would use only the part before it.
void refuse_nul(const std::filesystem::path& path);

} // namespace dbengine::os
