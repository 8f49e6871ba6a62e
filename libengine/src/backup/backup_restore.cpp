// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/backup_restore.hpp"

#include "backup/restoration.hpp"
#include "backup/restore_cleanup.hpp"
#include "os/file_lock.hpp"

namespace dbengine::backup {

void restore(const restore_settings& settings) {
  const auto target = resolve_target(settings.target);
  restoration r(settings, target);
  // Prevents engines of all processes from opening the target.
  const os::file_lock lock(target);
  clean_after_restore(target);
  clean_after_unborn(os::directory::open(target.parent_path(), false));
  r.run();
}

} // namespace dbengine::backup

namespace dbengine {

void restore_backup(const std::filesystem::path& backup, const std::filesystem::path& target,
                    bool force, const progress_callback& progress) {
  backup::restore({.backup = backup, .target = target, .force = force, .progress = progress});
}

} // namespace dbengine
