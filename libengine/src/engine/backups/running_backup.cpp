// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/backups/running_backup.hpp"

#include <utility>

namespace dbengine::engine {

running_backup::reservation::reservation(running_backup& b) : backup_(&b) {
  const base::scoped_lock lock(b.mutex_);
  if (b.closed_)
    throw error(errc::shut_down, "the engine is shut down");
  mine_ = !std::exchange(b.reserved_, true);
  if (mine_)
    b.thread_ = std::this_thread::get_id();
}

running_backup::reservation::~reservation() {
  if (!mine_)
    return;
  const base::scoped_lock lock(backup_->mutex_);
  backup_->reserved_ = false;
  backup_->free_.notify_all();
}

std::optional<backup_file> running_backup::run(backup::backup_settings s,
                                               const progress_callback& progress) {
  const auto job = backup::backup_job::start(std::move(s));
  if (!job)
    return std::nullopt;
  set_job(job.get());
  const struct reset_job {
    running_backup* self;
    ~reset_job() { self->set_job(nullptr); }
  } at_the_end{this};
  job->run(progress);
  // Moved: if a copy found no memory, the backup would be reported as failed although it exists.
  return job->take_result();
}

void running_backup::set_job(backup::backup_job* job) {
  const base::scoped_lock lock(mutex_);
  job_ = job;
  if (closed_ && job != nullptr)
    job->cancel();
}

bool running_backup::is_reserved() const {
  const base::scoped_lock lock(mutex_);
  return reserved_;
}

bool running_backup::is_closed() const {
  const base::scoped_lock lock(mutex_);
  return closed_;
}

std::optional<backup_progress> running_backup::progress() const {
  const base::scoped_lock lock(mutex_);
  if (job_ == nullptr)
    return std::nullopt;
  return job_->progress();
}

void running_backup::refuse() {
  const base::scoped_lock lock(mutex_);
  closed_ = true;
}

bool running_backup::cancel_and_wait(std::chrono::steady_clock::time_point last_moment) {
  base::scoped_lock lock(mutex_);
  if (job_ != nullptr)
    job_->cancel();
  if (reserved_ && thread_ == std::this_thread::get_id())
    return true;
  while (reserved_)
    if (free_.wait_until(lock, last_moment) == std::cv_status::timeout)
      return !reserved_;
  return true;
}

} // namespace dbengine::engine
