// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The facade's backups: on the caller's thread, which waits for them anyway.

#include "facade/local_backend.hpp"

namespace dbengine::actors::facade {

namespace {

// A backup takes as long as the file is large: only a timeout that the caller named bounds it.
progress_callback bounded_by(const request_options& o, const progress_callback& progress) {
  return engine::bound_progress(o.timeout ? sqlite::deadline_after(*o.timeout)
                                          : sqlite::clock::time_point::max(),
                                o.cancel, progress);
}

} // namespace

bool local_backend::request_backup(const request_options& o) {
  core_->calls().admit();
  refuse_id(o, "a backup");
  return house_->backups().run(engine::backup_kind::requested, bounded_by(o, {}));
}

void local_backend::backup_to(const std::filesystem::path& target,
                              const progress_callback& progress, const request_options& o) {
  core_->calls().admit();
  refuse_id(o, "a backup");
  house_->backups().run_to(target, bounded_by(o, progress));
}

dbengine::backup_info local_backend::backup_info() {
  core_->calls().admit();
  return house_->backups().info();
}

} // namespace dbengine::actors::facade
