// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One file of the memory VFS, composed of its content, its lock and its shared memory.
// Thread safety: any thread. Errors: the members return SQLite result codes and throw nothing.

#pragma once

#include "vfs/memory_content.hpp"
#include "vfs/memory_file_lock.hpp"
#include "vfs/memory_shm.hpp"

#include <atomic>

namespace dbengine::vfs {

/// One file of the memory VFS.
struct memory_file {
  memory_content content;
  memory_file_lock lock;
  memory_shm shm;
  std::atomic<bool> unlinked = false; // its name was deleted; open handles remain valid
};

} // namespace dbengine::vfs
