// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/backup_schedule.hpp"

#include <algorithm>

namespace dbengine::backup {

using namespace std::chrono;

backup_schedule::backup_schedule(milliseconds interval, std::optional<wall_time> newest,
                                 wall_time wall_now, steady_time now)
    : interval_(std::max(interval, defaults::min_backup_interval)), due_(now) {
  if (newest) {
    // A backup from the future has an unknown age: it must not delay the next one.
    const auto age = *newest > wall_now
                         ? wall_time::duration(interval_)
                         : std::min<wall_time::duration>(wall_now - *newest, interval_);
    due_ = now + (interval_ - age);
  }
}

nanoseconds backup_schedule::wait(steady_time now) const noexcept {
  return std::max<nanoseconds>(next_due() - now, nanoseconds::zero());
}

wall_time backup_schedule::next_due_wall(wall_time wall_now, steady_time now) const noexcept {
  return wall_now + duration_cast<wall_time::duration>(wait(now));
}

void backup_schedule::advance(steady_time now) noexcept {
  if (now >= due_)
    due_ += ((now - due_) / interval_ + 1) * interval_;
}

void backup_schedule::succeeded(steady_time now) noexcept {
  failures_ = 0;
  retry_.reset();
  advance(now);
}

void backup_schedule::failed(steady_time now) noexcept {
  ++failures_;
  retry_ = now + retry_delay(failures_);
  advance(now);
}

void backup_schedule::succeeded_on_request() noexcept {
  failures_ = 0;
  retry_.reset();
}

milliseconds backup_schedule::retry_delay(int failures) const noexcept {
  const auto most = std::min(defaults::backup_retry_max, interval_);
  auto delay = std::min(defaults::backup_retry_min, most);
  for (int i = 1; i < failures && delay < most; ++i)
    delay = std::min(delay * 2, most);
  return delay;
}

} // namespace dbengine::backup
